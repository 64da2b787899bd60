import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The clocks: one for what is shown and kept, one for what is decided.
struct TierClock: Sendable {
    /// The wall clock.
    var wall: @Sendable () -> Timestamp
    /// Milliseconds that only ever grow.
    var monotonic: @Sendable () -> Int64
    /// Waits for so many milliseconds; throws where the task is cancelled.
    var sleep: @Sendable (_ milliseconds: Int64) async throws -> Void

    static let system = TierClock(
        wall: { Timestamp(millisecondsSinceEpoch: Self.milliseconds(CLOCK_REALTIME)) },
        monotonic: { Self.milliseconds(CLOCK_MONOTONIC) },
        sleep: { try await Task.sleep(for: .milliseconds($0)) }
    )

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
