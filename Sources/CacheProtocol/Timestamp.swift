/// A moment of the wall clock, in milliseconds since 1970-01-01T00:00:00Z without leap seconds (POSIX time).
///
/// For what is stored and shown. Intervals that decide something are measured on a monotonic clock instead, because
/// the wall clock can be set.
public struct Timestamp: Hashable, Sendable, Comparable {
    /// Milliseconds since the epoch; negative before it.
    public let millisecondsSinceEpoch: Int64

    /// Makes a moment.
    ///
    /// - Parameter millisecondsSinceEpoch: Milliseconds since 1970-01-01T00:00:00Z.
    public init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

    /// The moment `seconds` later; the end of representable time where that would overflow.
    ///
    /// - Parameter seconds: Whole seconds; may be negative.
    /// - Returns: The other moment.
    public func advanced(bySeconds seconds: Int64) -> Timestamp {
        let (delta, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, overflow2) = self.millisecondsSinceEpoch.addingReportingOverflow(delta)
        guard !overflow, !overflow2 else { return Timestamp(millisecondsSinceEpoch: seconds < 0 ? .min : .max) }
        return Timestamp(millisecondsSinceEpoch: sum)
    }

    /// Orders moments by time.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.millisecondsSinceEpoch < rhs.millisecondsSinceEpoch }
}
