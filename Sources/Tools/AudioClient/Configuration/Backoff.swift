/// How long to wait before each further attempt: exponential, with full jitter, so that clients that lost the same
/// server do not come back all at once.
public struct Backoff: Hashable, Sendable {
    /// How many attempts may follow the first one.
    public var maximumRetries: Int
    /// The longest wait before the first retry; doubled for each one after it.
    public var base: Duration
    /// The longest wait of all.
    public var cap: Duration

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - maximumRetries: How many attempts may follow the first one; 0 or more.
    ///   - base: The longest wait before the first retry.
    ///   - cap: The longest wait of all.
    public init(maximumRetries: Int = 10, base: Duration = .milliseconds(100), cap: Duration = .seconds(5)) {
        self.maximumRetries = maximumRetries
        self.base = base
        self.cap = cap
    }

    /// The longest wait before a retry.
    ///
    /// - Parameter retry: Which one, counted from 0.
    /// - Returns: The limit, or `nil` where there is no such retry.
    public func limit(beforeRetry retry: Int) -> Duration? {
        guard retry >= 0, retry < self.maximumRetries else { return nil }
        var limit = self.base
        for _ in 0..<retry where limit < self.cap { limit *= 2 }
        return min(limit, self.cap)
    }

    /// The wait before a retry: any length from nothing to the limit, all equally likely.
    ///
    /// - Parameters:
    ///   - retry: Which one, counted from 0.
    ///   - generator: Where chance comes from.
    /// - Returns: The wait, or `nil` where there is no such retry.
    public func delay(beforeRetry retry: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        guard let limit = self.limit(beforeRetry: retry) else { return nil }
        let microseconds = limit.components.seconds * 1_000_000 + limit.components.attoseconds / 1_000_000_000_000
        return .microseconds(Int64.random(in: 0...max(0, microseconds), using: &generator))
    }
}
