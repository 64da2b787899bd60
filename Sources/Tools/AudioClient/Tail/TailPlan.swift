/// What to ask for and what to keep, so that over any number of connections no byte of a stream is left out and none is
/// written twice: the rules of following a stream, without the following.
struct TailPlan: Hashable, Sendable {
    /// Where the result begins in the stream, once that is known.
    private(set) var begin: Int64?
    /// The next byte to write, counted from the beginning of the stream, once that is known.
    private(set) var position: Int64?
    private let streamID: String
    private let start: TailStart
    /// How many bytes are still to come that were written already.
    private var repeated: Int64 = 0
    private var isSubscribed = false
    /// No stream is so long: what every JSON reader takes (RFC 8259, 6).
    private static let longest: Int64 = 1 << 53

    /// Plans to follow a stream.
    ///
    /// - Parameters:
    ///   - streamID: The stream, for sentences.
    ///   - start: Where to begin.
    init(_ streamID: String, from start: TailStart) {
        self.streamID = streamID
        self.start = start
    }

    /// Plans to go on with a file.
    ///
    /// - Parameters:
    ///   - streamID: The stream, for sentences.
    ///   - written: How many bytes, from the stream's beginning on, the file has.
    init(_ streamID: String, written: Int64) {
        self.init(streamID, from: .offset(written))
        self.begin = 0
        self.position = written
    }

    /// Begins anew, over a new connection.
    ///
    /// - Returns: The offset to subscribe from.
    mutating func connected() -> Int64 {
        self.isSubscribed = false
        self.repeated = 0
        return self.position ?? self.start.subscribeOffset
    }

    /// SUBSCRIBED came.
    ///
    /// A server that has lost the last bytes of a stream, as a machine without power does, begins before the offset
    /// that it was asked for: what comes up to there was written already.
    ///
    /// - Parameters:
    ///   - offset: Where the server says that it begins.
    ///   - size: How long it says the stream is.
    /// - Throws: ``ClientError`` where that leaves bytes out.
    mutating func subscribed(at offset: Int64?, size: Int64?) throws(ClientError) {
        guard !self.isSubscribed, let offset, (0..<Self.longest).contains(offset), (size ?? 0) >= 0 else {
            throw ClientError(.violation, "The server's SUBSCRIBED for stream \(self.streamID) makes no sense.")
        }
        self.isSubscribed = true
        guard let position = self.position else {
            if case .offset(let asked) = self.start, offset > asked {
                throw ClientError(
                    .violation,
                    "The server begins stream \(self.streamID) at byte \(offset); it was asked for byte \(asked)."
                )
            }
            self.begin = offset
            self.position = offset
            return
        }
        guard offset <= position else {
            throw ClientError(
                .violation,
                "The server goes on with stream \(self.streamID) at byte \(offset); it was asked for byte \(position)."
            )
        }
        self.repeated = position - offset
    }

    /// Some bytes came.
    ///
    /// - Parameter count: How many.
    /// - Returns: How many of them, from the first on, were written before.
    /// - Throws: ``ClientError`` with code `violation` where none could come.
    mutating func received(_ count: Int) throws(ClientError) -> Int {
        guard self.isSubscribed, let position = self.position else {
            throw ClientError(.violation, "The server sent bytes before it said SUBSCRIBED.")
        }
        let skipped = min(self.repeated, Int64(count))
        self.repeated -= skipped
        self.position = position + Int64(count) - skipped
        return Int(skipped)
    }

    /// END came.
    ///
    /// - Parameter size: How long the server says the stream is.
    /// - Throws: ``ClientError`` where that is not what was written.
    func ended(size: Int64?) throws(ClientError) {
        guard self.isSubscribed, let position = self.position else {
            throw ClientError(.violation, "The server said END before it said SUBSCRIBED.")
        }
        guard let size, size != position || self.repeated > 0 else { return }
        throw ClientError(
            .badData,
            "Stream \(self.streamID) ended with \(size) bytes; \(position) had come.",
            remedy: position > size
                ? "The server has lost bytes that it had sent before; what was written is more than it has."
                : "Download it again."
        )
    }
}
