public import CacheProtocol
import Synchronization

/// How many streams the start has looked at, for those who wait for it, and whether it is to go on. Counted by a catalog,
/// read from anywhere.
public final class RecoveryCounter: Sendable {
    private let count = Atomic<Int64>(0)
    private let isStopped = Atomic<Bool>(false)

    /// A counter at 0.
    public init() {}

    /// How many streams were looked at.
    public var looked: Int64 { self.count.load(ordering: .relaxed) }

    /// So many more were looked at.
    ///
    /// - Parameter streams: How many.
    public func add(_ streams: Int) { self.count.wrappingAdd(Int64(streams), ordering: .relaxed) }

    /// Nobody waits any more: what was not looked at is left for the next start.
    public func stop() { self.isStopped.store(true, ordering: .relaxed) }

    /// Whether nobody waits any more.
    public var hasStopped: Bool { self.isStopped.load(ordering: .relaxed) }

    /// To be called now and then by a catalog that looks through many streams.
    ///
    /// - Throws: ``CacheError`` with code `shutting_down` once nobody waits any more.
    public func goOn() throws(CacheError) {
        guard self.hasStopped else { return }
        throw CacheError(.shuttingDown, "The gateway ends before all streams were looked at; the next start does it.")
    }
}
