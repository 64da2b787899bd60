/// How long a transfer is gone on with over new connections: as long as they get it any further, and a few times more.
public struct Perseverance: Hashable, Sendable {
    /// How often it went on.
    public private(set) var resumptions = 0
    private let backoff: Backoff
    /// How many connections in a row have got it nowhere.
    private var fruitless = 0

    /// Begins.
    ///
    /// - Parameter backoff: How often, and how long to wait before each.
    public init(_ backoff: Backoff) { self.backoff = backoff }

    /// Decides after a connection has failed.
    ///
    /// - Parameters:
    ///   - error: Why.
    ///   - hasProgressed: Whether it got the transfer any further.
    ///   - generator: Where chance comes from.
    /// - Returns: How long to wait before the next connection, or `nil` to give up.
    public mutating func delay(
        after error: ClientError,
        hasProgressed: Bool,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard RetryRule.isPassing(error) else { return nil }
        if hasProgressed { self.fruitless = 0 }
        guard let delay = self.backoff.delay(beforeRetry: self.fruitless, using: &generator) else { return nil }
        self.fruitless += 1
        self.resumptions += 1
        return delay
    }

    /// Decides, and waits.
    ///
    /// - Parameters:
    ///   - error: Why a connection has failed.
    ///   - hasProgressed: Whether it got the transfer any further.
    ///   - activity: What is being done, as it reads after "while".
    /// - Throws: `error` where it is time to give up; ``ClientError`` with cause `cancelled`.
    mutating func wait(
        after error: ClientError,
        hasProgressed: Bool,
        while activity: String,
        telling tell: () -> Void
    ) async throws(ClientError) {
        try ErrorHandler.throwIfCancelled(while: activity)
        var generator = SystemRandomNumberGenerator()
        guard let delay = self.delay(after: error, hasProgressed: hasProgressed, using: &generator) else { throw error }
        tell()
        do {
            try await Task.sleep(for: delay)
        } catch {
            throw ErrorHandler.clientError(error, while: activity)
        }
    }
}
