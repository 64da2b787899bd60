import CacheProtocol
import Synchronization

/// What time it is by the store's clock, as the dates of its answers tell (RFC 9110, 6.6.1): what the store notes times
/// by, and what all gateways share, whatever their own clocks show.
final class StoreTime: Sendable {
    /// Clocks that are no further apart than this are taken for alike, in milliseconds: a date is to the second, and an
    /// answer is on its way for a while.
    private static let precision: UInt64 = 5_000

    /// By how many milliseconds the store's clock is ahead of ours.
    private let ahead = Atomic<Int64>(0)

    /// An answer has come.
    ///
    /// - Parameters:
    ///   - theirs: Its date.
    ///   - ours: What our clock shows.
    func note(_ theirs: Timestamp, at ours: Timestamp) {
        let ahead = theirs.millisecondsSinceEpoch &- ours.millisecondsSinceEpoch
        self.ahead.store(ahead.magnitude <= Self.precision ? 0 : ahead, ordering: .relaxed)
    }

    /// What the store's clock shows; ours, as long as no answer had a date.
    ///
    /// - Parameter ours: What our clock shows.
    func now(at ours: Timestamp) -> Timestamp {
        let ahead = self.ahead.load(ordering: .relaxed)
        return Timestamp(millisecondsSinceEpoch: ours.millisecondsSinceEpoch &+ ahead)
    }
}
