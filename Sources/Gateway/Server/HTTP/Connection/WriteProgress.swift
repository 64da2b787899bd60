import NIOCore

/// Whether a peer takes what is sent to it: decided from times and counts that it is told, without a clock.
struct WriteProgress {
    /// How long bytes may wait for the peer to take any of them.
    let limit: TimeAmount
    private var lastTaken: Int64 = 0
    private var lastProgress: NIODeadline

    init(limit: TimeAmount, now: NIODeadline) {
        self.limit = limit
        self.lastProgress = now
    }

    enum Verdict: Hashable {
        /// Look again at this time.
        case fine(until: NIODeadline)
        /// The peer has taken nothing for too long.
        case stalled
    }

    /// Looks at the time.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - taken: How many bytes the peer has taken in all.
    ///   - pending: How many bytes wait for it.
    mutating func look(at now: NIODeadline, taken: Int64, pending: Int64) -> Verdict {
        if taken != self.lastTaken || pending == 0 {
            self.lastTaken = taken
            self.lastProgress = now
        }
        return now >= self.lastProgress + self.limit ? .stalled : .fine(until: self.lastProgress + self.limit)
    }
}
