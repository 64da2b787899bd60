import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The wall clock, and the waits between attempts.
struct S3Clock: Sendable {
    /// The wall clock (clock_gettime(2), CLOCK_REALTIME).
    var wall: @Sendable () -> Timestamp
    /// Waits for so many milliseconds; throws where the task is cancelled.
    var sleep: @Sendable (_ milliseconds: Int64) async throws -> Void

    static let system = S3Clock(
        wall: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
        },
        sleep: { try await Task.sleep(for: .milliseconds($0)) }
    )
}
