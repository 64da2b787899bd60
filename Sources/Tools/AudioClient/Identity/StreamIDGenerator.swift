import Synchronization
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes names for streams: `stream-` and a UUID of version 7, so that they sort by the time they were made.
///
/// May be used from any thread; each id is greater than every one that the same generator made before.
public final class StreamIDGenerator: Sendable {
    private let sequence = Mutex(UUIDv7Sequence())

    /// A generator of its own sequence.
    public init() {}

    /// The generator of the process.
    public static let shared = StreamIDGenerator()

    /// A new id.
    ///
    /// - Returns: 43 characters.
    public func next() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = UInt64(clamping: time.tv_sec) * 1_000 + UInt64(clamping: time.tv_nsec) / 1_000_000
        return self.sequence.withLock { sequence in
            var generator = SystemRandomNumberGenerator()
            let uuid = sequence.next(now: now, using: &generator)
            return "stream-" + UUIDv7Sequence.text(high: uuid.high, low: uuid.low)
        }
    }
}
