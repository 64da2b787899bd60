import Wire

extension ClientMessage {
    /// The stream that it names.
    var streamID: String? {
        switch self {
        case .start(let start): start.streamID
        case .stop(let streamID, _): streamID
        case .abort(let streamID): streamID
        case .get(let get): get.streamID
        case .subscribe(let streamID, _): streamID
        case .unsubscribe(let streamID): streamID
        case .info(let streamID): streamID
        case .delete(let streamID): streamID
        case .list, .ping: nil
        }
    }
}

extension Rights {
    /// What is missing for a message, if anything.
    ///
    /// Whoever may write learns by INFO how far an upload has come. UNSUBSCRIBE and PING need nothing.
    func missing(for message: ClientMessage) -> Rights? {
        let needed: Rights
        switch message {
        case .start(let start): needed = start.overwrite ? [.write, .overwrite] : .write
        case .stop, .abort: needed = .write
        case .get, .subscribe: needed = .read
        case .info: needed = self.contains(.write) ? .write : .read
        case .list: needed = .list
        case .delete: needed = .delete
        case .unsubscribe, .ping: needed = []
        }
        let missing = needed.subtracting(self)
        return missing.isEmpty ? nil : missing
    }
}
