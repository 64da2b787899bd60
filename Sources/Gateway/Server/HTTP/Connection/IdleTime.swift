import NIOCore

/// For how long nothing has come from an HTTP peer that it is the turn of: decided from what it is told, without a clock.
///
/// It is the peer's turn between requests, and within one, while the server is ready to read more of it. It is not while
/// an answer is made, and not while the body of a request waits because its backend is behind.
struct IdleTime {
    /// How long a peer may say nothing.
    let limit: TimeAmount
    private var since: NIODeadline
    private var isReading = true
    /// How many more requests came to their end than answers did; less than none where one was answered before it ended.
    private var unanswered = 0

    init(limit: TimeAmount, now: NIODeadline) {
        self.limit = limit
        self.since = now
    }

    private var isPeersTurn: Bool { self.unanswered <= 0 && self.isReading }

    /// Part of a request came.
    mutating func received(isEnd: Bool, at now: NIODeadline) {
        self.since = now
        self.isReading = false
        if isEnd { self.unanswered += 1 }
    }

    /// The server is ready to read.
    mutating func reads(at now: NIODeadline) {
        guard !self.isReading else { return }
        self.isReading = true
        self.since = now
    }

    /// An answer was written to its end.
    mutating func answered(at now: NIODeadline) {
        self.unanswered -= 1
        self.since = now
    }

    enum Verdict: Hashable {
        /// Look again at this time.
        case fine(until: NIODeadline)
        /// The peer has said nothing for too long.
        case idle
    }

    /// Looks at the time.
    func look(at now: NIODeadline) -> Verdict {
        guard self.isPeersTurn else { return .fine(until: now + self.limit) }
        return now >= self.since + self.limit ? .idle : .fine(until: self.since + self.limit)
    }
}
