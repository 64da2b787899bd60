import NIOCore

/// When a connection is to be greeted, pinged or given up: decided from times that it is told, without a clock.
struct ConnectionTimers {
    /// How long things may take.
    struct Limits: Hashable {
        /// Silence after which a peer is pinged.
        var pingAfter: TimeAmount
        /// Silence after which it is given up.
        var idle: TimeAmount
        /// How long bytes may wait for the peer to take any of them.
        var write: TimeAmount
        /// How long a peer may take to close, once it was told.
        var close: TimeAmount
        /// Silence after the upgrade that makes us greet; `nil` for never.
        var greetAfter: TimeAmount?
        /// How long a text message may take from its first byte to its last.
        var message = TimeAmount.seconds(30)
    }

    enum Action: Hashable {
        case greet
        case ping
        /// The peer has been silent too long.
        case giveUpIdle
        /// The peer takes nothing of what is sent.
        case giveUpStalled
        /// The peer was told that the connection closes, and does not.
        case giveUpClosing
        /// The peer does not come to the end of a text message.
        case giveUpMessage
    }

    private let limits: Limits
    private var lastInbound: NIODeadline
    private var lastDrained: Int64 = 0
    private var lastDrain: NIODeadline
    private var hasPinged = false
    private var greetAt: NIODeadline?
    private var closingSince: NIODeadline?
    private var messageSince: NIODeadline?
    /// When the next look is due.
    private var due: NIODeadline?
    /// A look that comes later than this was held up, and the whole process with it: what the peer has sent meanwhile
    /// has not been read yet.
    private static let punctual = TimeAmount.seconds(1)

    init(limits: Limits, now: NIODeadline) {
        self.limits = limits
        self.lastInbound = now
        self.lastDrain = now
        self.greetAt = limits.greetAfter.map { now + $0 }
    }

    /// Bytes came from the peer.
    mutating func received(at now: NIODeadline) {
        self.lastInbound = now
        self.hasPinged = false
        self.greetAt = nil
    }

    /// Whether a text message has begun and is not all there.
    var isInsideText: Bool { self.messageSince != nil }

    /// A text message has begun, or is all there.
    mutating func text(isInside: Bool, at now: NIODeadline) { self.messageSince = isInside ? now : nil }

    /// The peer was told that the connection closes.
    mutating func closing(at now: NIODeadline) {
        if self.closingSince == nil { self.closingSince = now }
    }

    /// Looks at the time.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - drained: How many bytes the peer has taken in all.
    ///   - pending: How many bytes wait for it.
    ///   - isWaiting: Whether the peer waits for an answer of ours, so that its silence means nothing.
    /// - Returns: What to do, if anything, and when to look again.
    mutating func look(
        at now: NIODeadline,
        drained: Int64,
        pending: Int64,
        isWaiting: Bool
    ) -> (action: Action?, next: NIODeadline) {
        if let due = self.due, now > due + Self.punctual {
            // Our own silence is not the peer's.
            self.lastInbound = self.lastInbound + (now - due)
            self.lastDrain = self.lastDrain + (now - due)
        }
        let look = self.decide(at: now, drained: drained, pending: pending, isWaiting: isWaiting)
        self.due = look.next
        return look
    }

    private mutating func decide(
        at now: NIODeadline,
        drained: Int64,
        pending: Int64,
        isWaiting: Bool
    ) -> (action: Action?, next: NIODeadline) {
        if drained != self.lastDrained || pending == 0 {
            self.lastDrained = drained
            self.lastDrain = now
        }
        if let since = self.closingSince {
            let end = since + self.limits.close
            return now >= end ? (.giveUpClosing, now + self.limits.close) : (nil, end)
        }
        if pending > 0, now >= self.lastDrain + self.limits.write {
            return (.giveUpStalled, now + self.limits.close)
        }
        if let since = self.messageSince, now >= since + self.limits.message, !isWaiting {
            return (.giveUpMessage, now + self.limits.close)
        }
        if isWaiting || pending > 0 { self.lastInbound = max(self.lastInbound, self.lastDrain) }
        if let greetAt = self.greetAt, now >= greetAt {
            self.greetAt = nil
            return (.greet, self.next(now, pending: pending))
        }
        if now >= self.lastInbound + self.limits.idle { return (.giveUpIdle, now + self.limits.close) }
        if !self.hasPinged, now >= self.lastInbound + self.limits.pingAfter {
            self.hasPinged = true
            return (.ping, self.next(now, pending: pending))
        }
        return (nil, self.next(now, pending: pending))
    }

    private func next(_ now: NIODeadline, pending: Int64) -> NIODeadline {
        var next = self.lastInbound + (self.hasPinged ? self.limits.idle : self.limits.pingAfter)
        if let greetAt = self.greetAt { next = min(next, greetAt) }
        if pending > 0 { next = min(next, self.lastDrain + self.limits.write) }
        if let since = self.messageSince { next = min(next, since + self.limits.message) }
        // Bytes may begin to wait at any time; that is noticed at the next look, so looks are never further apart.
        next = min(next, now + self.limits.write)
        return max(next, now + .milliseconds(10))
    }
}
