/// Whether and when a request that failed is made again: exponential backoff with full jitter ("Exponential Backoff And
/// Jitter", AWS Architecture Blog), by what the store said.
struct RetryPolicy: Hashable, Sendable {
    /// How often a request is made at most, the first time included.
    var maximumAttempts = 5
    /// The longest wait before the second attempt, in milliseconds; it doubles for each further one.
    var baseMilliseconds: Int64 = 100
    /// The longest wait of all, in milliseconds.
    var capMilliseconds: Int64 = 5_000

    enum Decision: Hashable, Sendable {
        case giveUp
        case again(afterMilliseconds: Int64)
    }

    /// Decides after a failure.
    ///
    /// - Parameters:
    ///   - failure: What went wrong.
    ///   - attempt: How often the request was made, from 1.
    ///   - random: A number from 0 to 1 that spreads those who failed together.
    func decide(after failure: S3Failure, attempt: Int, random: Double) -> Decision {
        guard attempt < self.maximumAttempts, failure.isTransient else { return .giveUp }
        let doublings = Int64(min(max(attempt - 1, 0), 20))
        let limit = min(self.capMilliseconds, self.baseMilliseconds << doublings)
        let jittered = Int64((Double(limit) * min(max(random, 0), 1)).rounded())
        // A store that asks for more than half a minute is as good as away.
        let asked = min(failure.retryAfterSeconds ?? 0, 30) * 1_000
        return .again(afterMilliseconds: max(jittered, asked))
    }
}
