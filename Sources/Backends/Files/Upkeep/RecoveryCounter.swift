import Synchronization

/// How many streams the start has looked at, for those who wait for it. Counted by a catalog, read from anywhere.
public final class RecoveryCounter: Sendable {
    private let count = Atomic<Int64>(0)

    /// A counter at 0.
    public init() {}

    /// How many streams were looked at.
    public var looked: Int64 { self.count.load(ordering: .relaxed) }

    /// So many more were looked at.
    ///
    /// - Parameter streams: How many.
    public func add(_ streams: Int) { self.count.wrappingAdd(Int64(streams), ordering: .relaxed) }
}
