import CacheProtocol
import Wire

/// A connection's upload: one stream at a time, from START to STOP, ABORT, a failure, or the end of the connection.
///
/// A pure value: no I/O, no clock, no channel. It owns the writer and gives it away in the action that ends the upload,
/// so the compiler proves that every upload ends once. Dropping it suspends the stream.
struct UploadMachine<Writer: ~Copyable>: ~Copyable {
    private enum State: ~Copyable {
        /// No upload. Whether the peer was told that its bytes go nowhere.
        case idle(hasComplained: Bool)
        /// The backend is bringing the stream about.
        case opening(Writer, Upload)
        case writing(Writer, Upload)
        /// The backend asked for a pause.
        case pausing(Writer, Upload)
        /// The backend is sealing or removing the stream.
        case ending(Upload)
        /// Appending failed; what still comes until STOP, ABORT or START is dropped.
        case failed(Upload, Rejection)
        case closed
    }

    /// What is being uploaded.
    struct Upload: Hashable {
        var streamID: String
        /// Whether START had a field beyond the base protocol, so that the answers may too.
        var usesExtension: Bool
        /// After how many stored bytes the peer wants an ACK.
        var ackEvery: Int64?
    }

    private var state: State

    init() { self.state = .idle(hasComplained: false) }

    private init(_ state: consuming State) { self.state = state }

    /// Whether nothing more may be read from the peer until something else has happened.
    var isBlocked: Bool {
        switch self.state {
        case .opening: true
        case .pausing: true
        case .ending: true
        case .idle: false
        case .writing: false
        case .failed: false
        case .closed: false
        }
    }

    /// The stream that is open, or about to be.
    var streamID: String? {
        switch self.state {
        case .opening(_, let upload): upload.streamID
        case .writing(_, let upload): upload.streamID
        case .pausing(_, let upload): upload.streamID
        case .ending(let upload): upload.streamID
        case .idle: nil
        case .failed: nil
        case .closed: nil
        }
    }
}

// MARK: - Beginning

extension UploadMachine where Writer: ~Copyable {
    enum StartAction {
        /// Wait for this, then call ``opened(_:)``.
        case open(Answer<WritePosition>)
        case reject(Rejection)
    }

    /// START came; `makeWriter` is called only if the peer may have one.
    mutating func startReceived(
        _ upload: Upload,
        makeWriter: () throws(CacheError) -> Writer,
        open: (borrowing Writer) -> Answer<WritePosition>
    ) -> StartAction {
        let before: State
        switch consume self.state {
        case .opening(let writer, let current):
            self = Self(.opening(writer, current))
            return .reject(Self.oneAtATime(current, upload))
        case .writing(let writer, let current):
            self = Self(.writing(writer, current))
            return .reject(Self.oneAtATime(current, upload))
        case .pausing(let writer, let current):
            self = Self(.pausing(writer, current))
            return .reject(Self.oneAtATime(current, upload))
        case .ending(let current):
            self = Self(.ending(current))
            return .reject(Self.oneAtATime(current, upload))
        case .closed:
            self = Self(.closed)
            return .reject(Self.isClosed)
        case .failed: before = .idle(hasComplained: true)
        case .idle(let hasComplained): before = .idle(hasComplained: hasComplained)
        }
        do throws(CacheError) {
            let writer = try makeWriter()
            let answer = open(writer)
            self = Self(.opening(writer, upload))
            return .open(answer)
        } catch {
            self = Self(before)
            return .reject(Rejection(error))
        }
    }

    private static var isClosed: Rejection { Rejection(.noOpenStream, "The connection is closing.") }

    private static func oneAtATime(_ current: Upload, _ wanted: Upload) -> Rejection {
        Rejection(
            .streamBusy,
            "This connection uploads \(current.streamID). One connection uploads one stream at a time: send STOP first.",
            streamID: wanted.streamID
        )
    }

    enum OpenedAction {
        case started(Upload, WritePosition)
        case reject(Rejection)
        case none
    }

    /// The backend has brought the stream about, or not.
    mutating func opened(_ result: Result<WritePosition, CacheError>) -> OpenedAction {
        switch consume self.state {
        case .opening(let writer, let upload):
            switch result {
            case .success(let position):
                self = Self(.writing(writer, upload))
                return .started(upload, position)
            case .failure(let error):
                self = Self(.idle(hasComplained: false))
                return .reject(Rejection(error))
            }
        case .idle(let hasComplained): self = Self(.idle(hasComplained: hasComplained))
        case .writing(let writer, let upload): self = Self(.writing(writer, upload))
        case .pausing(let writer, let upload): self = Self(.pausing(writer, upload))
        case .ending(let upload): self = Self(.ending(upload))
        case .failed(let upload, let rejection): self = Self(.failed(upload, rejection))
        case .closed: self = Self(.closed)
        }
        return .none
    }
}

// MARK: - Bytes

extension UploadMachine where Writer: ~Copyable {
    enum BytesAction {
        case proceed
        /// Read no more until this has come, then call ``becameReady(_:)``.
        case pause(until: Later<Void>)
        case reject(Rejection)
    }

    /// Bytes came; `append` is called with the writer only if an upload is open.
    mutating func bytesReceived(
        append: (inout Writer) throws(CacheError) -> AppendResult
    ) -> BytesAction {
        switch consume self.state {
        case .writing(var writer, let upload):
            do throws(CacheError) {
                switch try append(&writer) {
                case .ready:
                    self = Self(.writing(writer, upload))
                    return .proceed
                case .pause(let readiness):
                    self = Self(.pausing(writer, upload))
                    return .pause(until: readiness)
                }
            } catch {
                let rejection = Rejection(error)
                self = Self(.failed(upload, rejection))
                return .reject(rejection)
            }
        case .idle(let hasComplained):
            self = Self(.idle(hasComplained: true))
            if hasComplained { return .proceed }
            return .reject(
                Rejection(.noOpenStream, "Bytes came without an open stream and were dropped. Send START first.")
            )
        case .failed(let upload, let rejection):
            self = Self(.failed(upload, rejection))
            return .proceed
        case .opening(let writer, let upload): self = Self(.opening(writer, upload))
        case .pausing(let writer, let upload): self = Self(.pausing(writer, upload))
        case .ending(let upload): self = Self(.ending(upload))
        case .closed: self = Self(.closed)
        }
        return .proceed
    }

    /// The pause is over, or the stream failed meanwhile.
    mutating func becameReady(_ result: Result<Void, CacheError>) -> BytesAction {
        switch consume self.state {
        case .pausing(let writer, let upload):
            if case .failure(let error) = result {
                let rejection = Rejection(error)
                self = Self(.failed(upload, rejection))
                return .reject(rejection)
            }
            self = Self(.writing(writer, upload))
        case .idle(let hasComplained): self = Self(.idle(hasComplained: hasComplained))
        case .opening(let writer, let upload): self = Self(.opening(writer, upload))
        case .writing(let writer, let upload): self = Self(.writing(writer, upload))
        case .ending(let upload): self = Self(.ending(upload))
        case .failed(let upload, let rejection): self = Self(.failed(upload, rejection))
        case .closed: self = Self(.closed)
        }
        return .proceed
    }

    /// No more bytes are at hand.
    mutating func ranDry(flush: (inout Writer) -> Void) {
        switch consume self.state {
        case .writing(var writer, let upload):
            flush(&writer)
            self = Self(.writing(writer, upload))
        case .pausing(let writer, let upload): self = Self(.pausing(writer, upload))
        case .idle(let hasComplained): self = Self(.idle(hasComplained: hasComplained))
        case .opening(let writer, let upload): self = Self(.opening(writer, upload))
        case .ending(let upload): self = Self(.ending(upload))
        case .failed(let upload, let rejection): self = Self(.failed(upload, rejection))
        case .closed: self = Self(.closed)
        }
    }
}

// MARK: - Ending

extension UploadMachine where Writer: ~Copyable {
    enum EndAction: ~Copyable {
        /// Seal or remove the stream with the writer, then call ``ended()``.
        case end(Writer, Upload)
        case reject(Rejection)
    }

    /// STOP or ABORT came. Without an id it means the open stream.
    mutating func endReceived(streamID: String?) -> EndAction {
        switch consume self.state {
        case .writing(let writer, let upload):
            guard Self.names(streamID, upload) else {
                self = Self(.writing(writer, upload))
                return .reject(Self.notOpen(streamID, but: upload.streamID))
            }
            self = Self(.ending(upload))
            return .end(writer, upload)
        case .failed(let upload, let rejection):
            guard Self.names(streamID, upload) else {
                self = Self(.failed(upload, rejection))
                return .reject(Self.notOpen(streamID, but: nil))
            }
            self = Self(.idle(hasComplained: false))
            return .reject(rejection)
        case .idle: self = Self(.idle(hasComplained: false))
        case .opening(let writer, let upload): self = Self(.opening(writer, upload))
        case .pausing(let writer, let upload): self = Self(.pausing(writer, upload))
        case .ending(let upload): self = Self(.ending(upload))
        case .closed: self = Self(.closed)
        }
        return .reject(Self.notOpen(streamID, but: nil))
    }

    /// Bytes are compared: to `String`, the Kelvin sign is a K.
    private static func names(_ streamID: String?, _ upload: Upload) -> Bool {
        streamID.map { $0.utf8.elementsEqual(upload.streamID.utf8) } ?? true
    }

    private static func notOpen(_ streamID: String?, but open: String?) -> Rejection {
        let current = open.map { " It uploads \($0)." } ?? ""
        return Rejection(
            .noOpenStream,
            "This connection does not upload that stream.\(current) Send START first.",
            streamID: streamID
        )
    }

    /// The stream was sealed or removed, or that failed: the next upload may begin.
    mutating func ended() {
        switch consume self.state {
        case .ending: self = Self(.idle(hasComplained: false))
        case .idle: self = Self(.idle(hasComplained: false))
        case .failed: self = Self(.idle(hasComplained: false))
        case .opening(let writer, let upload): self = Self(.opening(writer, upload))
        case .writing(let writer, let upload): self = Self(.writing(writer, upload))
        case .pausing(let writer, let upload): self = Self(.pausing(writer, upload))
        case .closed: self = Self(.closed)
        }
    }

    /// The connection is gone, or going: an open upload is dropped, which suspends its stream. One that is being sealed
    /// or removed comes to that end.
    ///
    /// - Returns: The stream that is suspended thereby.
    mutating func connectionClosed() -> String? {
        let suspended: String?
        switch self.state {
        // The writer was given away: the stream is being sealed or removed, whoever still waits for that.
        case .ending: suspended = nil
        default: suspended = self.streamID
        }
        self = Self(.closed)
        return suspended
    }
}
