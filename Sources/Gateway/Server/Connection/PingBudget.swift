import NIOCore

/// How many pings a peer may send: ten seconds' worth in any ten seconds.
struct PingBudget {
    private static let window = TimeAmount.seconds(10)

    private let limit: Int
    private var count = 0
    private var since: NIODeadline

    init(perSecond: Int = 10, now: NIODeadline) {
        self.limit = 10 * perSecond
        self.since = now
    }

    /// Whether one more is fine.
    mutating func admit(at now: NIODeadline) -> Bool {
        if now >= self.since + Self.window {
            self.since = now
            self.count = 0
        }
        self.count += 1
        return self.count <= self.limit
    }
}
