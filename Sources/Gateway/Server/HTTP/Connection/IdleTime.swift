import NIOCore

/// For how long nothing has come from an HTTP peer that it is the turn of: decided from what it is told, without a clock.
///
/// It is the peer's turn between requests, and within one, while the server is ready to read more of it. It is not while
/// an answer is made or taken by the peer, and not while a request waits because its backend is behind: its body unread, or
/// the peer waiting for 100 (RFC 9110, 10.1.1).
struct IdleTime {
    /// How long a peer may say nothing.
    let limit: TimeAmount
    private var since: NIODeadline
    private var isReading = true
    private var expectsContinue = false
    /// How many more requests came to their end than answers did; less than none where one was answered before it ended.
    private var unanswered = 0

    init(limit: TimeAmount, now: NIODeadline) {
        self.limit = limit
        self.since = now
    }

    private var isPeersTurn: Bool { self.unanswered <= 0 && self.isReading && !self.expectsContinue }

    /// Part of a request came.
    mutating func received(isEnd: Bool, expectsContinue: Bool = false, at now: NIODeadline) {
        self.since = now
        self.isReading = false
        // A peer may send its body without having got the 100.
        self.expectsContinue = expectsContinue
        if isEnd { self.unanswered += 1 }
    }

    /// The header of an answer was written, be it that of a provisional one.
    mutating func answers(at now: NIODeadline) {
        guard self.expectsContinue else { return }
        self.expectsContinue = false
        self.since = now
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
    ///
    /// - Parameter isSending: Whether bytes of an answer wait for the peer to take them; another's business.
    mutating func look(at now: NIODeadline, isSending: Bool = false) -> Verdict {
        if isSending { self.since = now }
        guard self.isPeersTurn else { return .fine(until: now + self.limit) }
        return now >= self.since + self.limit ? .idle : .fine(until: self.since + self.limit)
    }
}
