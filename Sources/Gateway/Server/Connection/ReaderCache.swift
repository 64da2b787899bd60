import CacheProtocol

/// The readers that a connection used last, so that a GET after the first finds its stream without asking the backend.
struct ReaderCache {
    /// How many streams a connection reads at the same time without looking them up again.
    private static let capacity = 4

    private var entries: [(streamID: String, reader: StreamReader)] = []

    /// The open reader of a stream, unless the stream is gone: then another may have its name by now.
    mutating func reader(of streamID: String) -> StreamReader? {
        guard let index = self.index(of: streamID) else { return nil }
        let reader = self.entries[index].reader
        guard reader.status.state != .removed else {
            self.entries.remove(at: index)
            return nil
        }
        if index > 0 { self.entries.insert(self.entries.remove(at: index), at: 0) }
        return reader
    }

    /// Keeps an open reader, in place of the one that was not used for longest.
    mutating func insert(_ reader: StreamReader, for streamID: String) {
        if let index = self.index(of: streamID) { self.entries.remove(at: index) }
        if self.entries.count == Self.capacity { self.entries.removeLast() }
        self.entries.insert((streamID, reader), at: 0)
    }

    /// Bytes are compared: to `String`, the Kelvin sign is a K.
    private func index(of streamID: String) -> Int? {
        self.entries.firstIndex { $0.streamID.utf8.elementsEqual(streamID.utf8) }
    }

    /// Lets go of all streams.
    mutating func removeAll() { self.entries = [] }
}
