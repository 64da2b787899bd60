import NIOCore

/// How fast a connection may start streams: each START makes a file. Beyond the rate the next one waits for its turn,
/// with all that is sent after it.
struct StartBudget {
    /// For how long a connection may go without before it is held to the rate: so many seconds' worth may come at once.
    private static let burstSeconds: Int64 = 10

    private let interval: TimeAmount
    private let burst: TimeAmount
    /// When the budget would be full again.
    private var fullAt: NIODeadline

    /// - Parameter perSecond: How many STARTs a second, more than 0.
    init(perSecond: Int64, now: NIODeadline) {
        self.interval = .nanoseconds(1_000_000_000 / max(1, perSecond))
        self.burst = .seconds(Self.burstSeconds)
        self.fullAt = now
    }

    /// A START has come.
    ///
    /// - Returns: How long it is to wait; zero for not at all.
    mutating func started(at now: NIODeadline) -> TimeAmount {
        self.fullAt = max(self.fullAt, now) + self.interval
        return max(.zero, self.fullAt - now - self.burst)
    }
}
