import CacheProtocol

/// What time it is for the purpose of letting streams expire.
///
/// The wall clock, as long as it moves with the monotonic one. A clock that jumps back makes nothing expire, since
/// earlier is never too late. One that jumps ahead is not believed at once: for ``probation`` the time goes on from
/// where it was, so that somebody's mistake does not empty the cache; a clock that stays ahead longer is right.
struct ExpiryTime: Sendable {
    /// By how much the wall clock may run ahead of the monotonic one between two looks, in milliseconds.
    static let tolerance: Int64 = 5 * 60 * 1_000
    /// For how long a clock that jumped ahead is not believed, in milliseconds.
    static let probation: Int64 = 60 * 60 * 1_000

    /// The time, after ``advance(wall:monotonic:)``.
    private(set) var now: Timestamp
    private var lastMonotonic: Int64
    /// Since when the wall clock has been ahead, by the monotonic clock.
    private(set) var distrustedSince: Int64?

    /// Begins by believing the wall clock: there is nothing to compare it with.
    init(wall: Timestamp, monotonic: Int64) {
        self.now = wall
        self.lastMonotonic = monotonic
    }

    /// Looks at the clocks.
    ///
    /// - Returns: Whether the wall clock was found to have jumped ahead just now.
    mutating func advance(wall: Timestamp, monotonic: Int64) -> Bool {
        let elapsed = monotonic > self.lastMonotonic ? monotonic - self.lastMonotonic : 0
        self.lastMonotonic = max(self.lastMonotonic, monotonic)
        let (sum, isPastEnd) = self.now.millisecondsSinceEpoch.addingReportingOverflow(elapsed)
        let expected = isPastEnd ? Int64.max : sum
        let (lead, isTooFar) = wall.millisecondsSinceEpoch.subtractingReportingOverflow(expected)
        guard wall.millisecondsSinceEpoch > expected, isTooFar || lead > Self.tolerance else {
            self.now = wall
            self.distrustedSince = nil
            return false
        }
        if let since = self.distrustedSince, monotonic - since >= Self.probation {
            self.now = wall
            self.distrustedSince = nil
            return false
        }
        self.now = Timestamp(millisecondsSinceEpoch: expected)
        defer { if self.distrustedSince == nil { self.distrustedSince = monotonic } }
        return self.distrustedSince == nil
    }
}
