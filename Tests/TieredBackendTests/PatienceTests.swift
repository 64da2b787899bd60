import CacheProtocol
import MemoryPoolBackend
import Synchronization
import TestSupport
import Testing

@testable import TieredBackend

@Suite("Who gives up on the cold tier")
struct PatienceTests {
    private static var small: MemoryPoolConfiguration {
        var configuration = MemoryPoolConfiguration()
        configuration.capacity = 1 << 20
        return configuration
    }

    /// What time it is.
    private final class Hands: Sendable {
        let milliseconds = Atomic<Int64>(1_000)

        var clock: TierClock {
            var clock = TierClock.system
            clock.monotonic = { self.milliseconds.load(ordering: .acquiring) }
            return clock
        }
    }

    @Test("says nothing of it early, and that it is away once an answer could have come", arguments: [29_999, 30_000])
    func patience(_ waited: Int64) async throws {
        let hands = Hands()
        let tier = ColdTier(
            try MemoryPoolBackend(configuration: Self.small),
            clock: hands.clock,
            pauseMilliseconds: 5_000,
            checkMilliseconds: 1_000
        ) {}
        let (asked, isAsked) = AsyncStream<Void>.makeStream()
        let asking = Task {
            try await tier.ask(about: StreamID("s")) { _ throws(CacheError) in
                isAsked.yield()
                // A store that accepts the question and says nothing.
                do {
                    try await Task.sleep(for: .seconds(3_600))
                } catch {
                    throw CacheError(.io, "The question was given up.")
                }
            }
        }
        for await _ in asked { break }
        hands.milliseconds.add(waited, ordering: .releasing)
        asking.cancel()
        await #expect(throws: CacheError.self) { try await asking.value }
        #expect((tier.outage != nil) == (waited == 30_000))
        #expect((tier.pause > 0) == (waited == 30_000))
    }
}
