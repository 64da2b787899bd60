import Testing

@testable import AudioClient

@Suite("Backoff")
struct BackoffTests {
    @Test("limits double up to the cap, and end after the last retry")
    func limits() {
        let backoff = Backoff(maximumRetries: 5, base: .milliseconds(100), cap: .milliseconds(500))
        let limits = (-1...5).map { backoff.limit(beforeRetry: $0) }
        #expect(
            limits == [
                nil, .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(500), .milliseconds(500),
                nil,
            ]
        )
    }

    @Test("every delay is within its limit, and delays use all of it")
    func jitter() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let backoff = Backoff()
        for retry in 0..<10 {
            let limit = try #require(backoff.limit(beforeRetry: retry))
            let delays = (0..<200).compactMap { _ in backoff.delay(beforeRetry: retry, using: &generator) }
            #expect(delays.count == 200)
            #expect(delays.allSatisfy { $0 >= .zero && $0 <= limit }, "seed \(seed)")
            #expect(delays.contains { $0 < limit / 4 } && delays.contains { $0 > limit * 3 / 4 }, "seed \(seed)")
        }
        #expect(backoff.delay(beforeRetry: 10, using: &generator) == nil)
    }

    @Test("any configuration of retries can be asked for any retry")
    func extremes() {
        let backoff = Backoff(maximumRetries: .max, base: .seconds(1), cap: .seconds(Int64.max / 4))
        #expect(backoff.limit(beforeRetry: 1_000) == .seconds(Int64.max / 4))
    }
}
