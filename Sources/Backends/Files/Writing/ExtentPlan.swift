/// How much room to allocate ahead of a growing file: extents that double from 256 KiB to 64 MiB, so that a small
/// stream stays small and a long one is laid out in few pieces.
struct ExtentPlan: Sendable {
    static let smallest: Int64 = 256 << 10
    static let largest: Int64 = 64 << 20

    /// Up to where blocks are allocated.
    private(set) var allocatedEnd: Int64
    private var next: Int64 = smallest

    /// A plan for a file of which `size` bytes are there.
    init(size: Int64, expectedSize: Int64?) {
        self.allocatedEnd = size
        if let expected = expectedSize, expected > size {
            self.next = min(max(expected - size, Self.smallest), Self.largest)
        }
    }

    /// What to allocate before bytes up to `end` are written; `nil` where they have room.
    func growth(for end: Int64) -> Range<Int64>? {
        guard end > self.allocatedEnd else { return nil }
        return self.allocatedEnd..<max(self.allocatedEnd + self.next, end)
    }

    /// The growth was made.
    mutating func grew(to end: Int64) {
        self.allocatedEnd = end
        self.next = min(self.next * 2, Self.largest)
    }

    /// There was no room for the growth: the next one asks for less, and in the end for nothing ahead.
    mutating func wasRefused(at size: Int64) {
        self.allocatedEnd = size
        self.next = Self.smallest
    }
}
