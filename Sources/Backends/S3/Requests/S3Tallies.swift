import Synchronization

/// What came of requests, counted: for gauges, and to tell how long the store has been out of reach.
final class S3Tallies: Sendable {
    struct Values: Hashable, Sendable {
        var requests: Int64 = 0
        var retries: Int64 = 0
        var failures: Int64 = 0
        /// The failure of the last request, where it failed because the store is out of reach or refuses us.
        var trouble: S3Failure?
    }

    private let values = Mutex(Values())

    var current: Values { self.values.withLock { $0 } }

    func made() { self.values.withLock { $0.requests += 1 } }
    func repeated() { self.values.withLock { $0.retries += 1 } }
    func succeeded() { self.values.withLock { $0.trouble = nil } }

    func failed(_ failure: S3Failure) {
        self.values.withLock { values in
            let isTrouble =
                failure.isOutage || failure.isRefused || failure.isMissingBucket || failure.isFull
                || failure.isClockSkew
            if isTrouble {
                values.failures += 1
                values.trouble = failure
            } else {
                // It was an answer to the question.
                values.trouble = nil
            }
        }
    }
}
