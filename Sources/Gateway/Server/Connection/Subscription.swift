import CacheProtocol

/// What a subscriber has got, and what is to come: decided from the stream's status, without I/O.
struct Subscription {
    /// The stream as the peer named it.
    let streamID: String
    /// The next byte to send.
    private(set) var offset: Int64

    /// Begins where the peer asked: a negative offset counts from the end, and one past the end means the end.
    init(streamID: String, from offset: Int64, of status: StreamStatus) {
        self.streamID = streamID
        self.offset = offset >= 0 ? min(offset, status.size) : max(0, status.size + max(offset, -status.size))
    }

    enum Step: Hashable {
        /// Send up to this many bytes from the offset on.
        case send(count: Int)
        /// Nothing there yet: wait until the stream is longer than the offset, or not in this state any more. A writer
        /// that went away may come back, so a suspended stream is waited for like a live one.
        case wait(while: StreamState)
        /// All was sent, and nothing will come.
        case end(size: Int64)
        /// The stream is gone, and not all was sent.
        case aborted
    }

    /// How much of the stream one frame carries at most.
    static let frame = 64 << 10

    /// What to do next.
    func next(_ status: StreamStatus) -> Step {
        if status.size > self.offset { return .send(count: Int(min(Int64(Self.frame), status.size - self.offset))) }
        switch status.state {
        case .live, .suspended: return .wait(while: status.state)
        case .sealed: return .end(size: status.size)
        case .removed: return .aborted
        }
    }

    /// So many bytes were sent.
    mutating func sent(_ count: Int) { self.offset += Int64(count) }
}
