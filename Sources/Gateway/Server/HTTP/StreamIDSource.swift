import CacheProtocol
import Synchronization
import Wire

/// Makes names for streams whose senders leave that to the server: `stream-` and a UUID of version 7, as the client does.
final class StreamIDSource: Sendable {
    private let sequence = Mutex(UUIDv7Sequence())

    /// A name that was not there before.
    func next() throws(CacheError) -> StreamID {
        let now = UInt64(clamping: Timestamp.now.millisecondsSinceEpoch)
        let uuid = self.sequence.withLock { sequence in
            var generator = SystemRandomNumberGenerator()
            return sequence.next(now: now, using: &generator)
        }
        return try StreamID("stream-" + UUIDv7Sequence.text(high: uuid.high, low: uuid.low))
    }
}
