import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The two clocks: one for what is shown, one for what is decided.
struct MemoryClock: Sendable {
    /// The wall clock, which may be set.
    var wall: @Sendable () -> Timestamp
    /// Milliseconds that only ever grow, from an arbitrary start.
    var monotonic: @Sendable () -> Int64

    /// The system's clocks (clock_gettime(2), CLOCK_REALTIME and CLOCK_MONOTONIC).
    static let system = MemoryClock(
        wall: { Timestamp(millisecondsSinceEpoch: Self.milliseconds(CLOCK_REALTIME)) },
        monotonic: { Self.milliseconds(CLOCK_MONOTONIC) }
    )

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
