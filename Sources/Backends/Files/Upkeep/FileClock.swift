public import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The two clocks of a store: one for what is shown and kept, one for how much time has passed.
public struct FileClock: Sendable {
    /// The wall clock, which may be set.
    public var wall: @Sendable () -> Timestamp
    /// Milliseconds that only ever grow, from an arbitrary start, and go on while the machine sleeps.
    public var monotonic: @Sendable () -> Int64

    /// Makes clocks.
    ///
    /// - Parameters:
    ///   - wall: The wall clock.
    ///   - monotonic: Milliseconds that only ever grow.
    public init(wall: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> Int64) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// What both clocks show at one moment.
    ///
    /// Where the process was held up between the looks, they are taken again: otherwise time that has passed would look
    /// like a wall clock that somebody has set.
    func moment() -> (wall: Timestamp, monotonic: Int64) {
        var before = self.monotonic()
        var wall = self.wall()
        for _ in 0..<16 {
            let after = self.monotonic()
            if after - before < 1_000 { break }
            before = after
            wall = self.wall()
        }
        return (wall, before)
    }

    /// The system's clocks (clock_gettime(2): CLOCK_REALTIME, and CLOCK_BOOTTIME or CLOCK_MONOTONIC_RAW).
    public static let system = FileClock(
        wall: { .now },
        monotonic: {
            var time = timespec()
            #if canImport(Darwin)
            clock_gettime(CLOCK_MONOTONIC_RAW, &time)
            #else
            clock_gettime(CLOCK_BOOTTIME, &time)
            #endif
            return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
        }
    )
}
