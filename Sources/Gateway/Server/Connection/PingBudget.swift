import NIOCore

/// How many pings a peer may send: 100 in 10 seconds.
struct PingBudget {
    private static let limit = 100
    private static let window = TimeAmount.seconds(10)

    private var count = 0
    private var since: NIODeadline

    init(now: NIODeadline) { self.since = now }

    /// Whether one more is fine.
    mutating func admit(at now: NIODeadline) -> Bool {
        if now >= self.since + Self.window {
            self.since = now
            self.count = 0
        }
        self.count += 1
        return self.count <= Self.limit
    }
}
