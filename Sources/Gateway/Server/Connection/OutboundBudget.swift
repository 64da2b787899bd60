import NIOCore
import Synchronization

/// How many bytes wait to be sent, over all connections. While they are too many, each connection has its share and is
/// given no more until that is taken; and where that does not help within a second, those go for whom most waits
/// (``OutboundRelief``). So thousands of slow readers don't fill the memory, and whoever reads goes on.
final class OutboundBudget: Sendable {
    /// What a connection may have waiting however full the budget is.
    static let share: Int64 = 64 << 10
    /// Between which amounts of waiting bytes a connection is given more, as a rule.
    static let usual = ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)
    /// The same while the budget is used up.
    static let sparing = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)

    private let total = Atomic<Int64>(0)
    private let most: Atomic<Int64>
    /// For each event loop, what waits for that connection of it for which most waits. Looked at a few times a second.
    private let largest = Mutex<[ObjectIdentifier: Int64]>([:])

    /// A budget of which nothing is used.
    ///
    /// - Parameter limit: How many bytes may wait.
    init(limit: Int64) { self.most = Atomic(limit) }

    /// How many bytes wait.
    var waiting: Int64 { self.total.load(ordering: .relaxed) }

    /// How many bytes may wait.
    var limit: Int64 { self.most.load(ordering: .relaxed) }

    /// So many bytes may wait from now on.
    func change(limit: Int64) { self.most.store(limit, ordering: .relaxed) }

    /// A connection has more, or less, waiting than before.
    func changed(by difference: Int64) {
        if difference != 0 { self.total.wrappingAdd(difference, ordering: .relaxed) }
    }

    /// So many bytes wait for that connection of an event loop for which most waits.
    ///
    /// - Returns: What waits for any connection of the other loops at the most, as they said last.
    func largest(_ bytes: Int64, on loop: ObjectIdentifier) -> Int64 {
        self.largest.withLock { largest in
            largest[loop] = bytes
            return largest.lazy.filter { $0.key != loop }.map(\.value).max() ?? 0
        }
    }
}
