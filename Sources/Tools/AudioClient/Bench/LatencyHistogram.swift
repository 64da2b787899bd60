/// How long things took: a histogram of fixed size whose buckets grow with the values, as those of HdrHistogram do, so
/// that every percentile is right to within one part in 128.
public struct LatencyHistogram: Hashable, Sendable {
    /// The longest time that is told from longer ones, in nanoseconds: 73 minutes.
    public static let longest: Int64 = (1 << 42) - 1
    /// Up to this many nanoseconds each has a bucket of its own; after that, half as many buckets for each doubling.
    private static let linear = 256

    /// How many times were recorded.
    public private(set) var count: Int64 = 0
    /// The longest of them, in nanoseconds; 0 where there is none.
    public private(set) var maximum: Int64 = 0
    private var buckets: [Int64] = []

    /// A histogram of nothing; it takes memory with the first time that is recorded.
    public init() {}

    /// Records a time.
    ///
    /// - Parameter nanoseconds: How long; what is out of range counts as the nearest that is in it.
    public mutating func record(_ nanoseconds: Int64) {
        let value = min(max(0, nanoseconds), Self.longest)
        if self.buckets.isEmpty {
            self.buckets = [Int64](repeating: 0, count: Self.bucket(of: Self.longest) + 1)
        }
        self.buckets[Self.bucket(of: value)] += 1
        self.count += 1
        self.maximum = max(self.maximum, value)
    }

    /// Adds what another histogram has.
    ///
    /// - Parameter other: The other one.
    public mutating func add(_ other: LatencyHistogram) {
        self.count += other.count
        self.maximum = max(self.maximum, other.maximum)
        guard !self.buckets.isEmpty else {
            self.buckets = other.buckets
            return
        }
        for (index, count) in other.buckets.enumerated() { self.buckets[index] += count }
    }

    /// The time that a share of all does not exceed.
    ///
    /// - Parameter share: From 0 to 1: 0.5 is the median.
    /// - Returns: Nanoseconds, rounded up by less than one part in 128; 0 where nothing was recorded.
    public func percentile(_ share: Double) -> Int64 {
        guard self.count > 0 else { return 0 }
        let rank = max(1, Int64((min(max(share, 0), 1) * Double(self.count)).rounded(.up)))
        var seen: Int64 = 0
        for (index, count) in self.buckets.enumerated() {
            seen += count
            if seen >= rank { return min(Self.upperBound(of: index), self.maximum) }
        }
        return self.maximum
    }

    static func bucket(of value: Int64) -> Int {
        guard value >= Int64(Self.linear) else { return Int(value) }
        let shift = (Int64.bitWidth - value.leadingZeroBitCount) - 8
        return Self.linear + (shift - 1) * 128 + Int(value >> Int64(shift)) - 128
    }

    static func upperBound(of bucket: Int) -> Int64 {
        guard bucket >= Self.linear else { return Int64(bucket) }
        let shift = Int64((bucket - Self.linear) / 128 + 1)
        let mantissa = Int64((bucket - Self.linear) % 128 + 128)
        return ((mantissa + 1) << shift) - 1
    }
}
