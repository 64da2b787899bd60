import NIOCore
import Synchronization

/// How many bytes wait to be sent, over all connections. While they are too many, each connection has its share and is
/// given no more until that is taken, so that thousands of slow readers don't fill the memory, and whoever reads goes on.
final class OutboundBudget: Sendable {
    /// What a connection may have waiting however full the budget is.
    static let share: Int64 = 64 << 10
    /// Between which amounts of waiting bytes a connection is given more, as a rule.
    static let usual = ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)
    /// The same while the budget is used up.
    static let sparing = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)

    private let total = Atomic<Int64>(0)

    /// How many bytes wait.
    var waiting: Int64 { self.total.load(ordering: .relaxed) }

    /// A connection has more, or less, waiting than before.
    func changed(by difference: Int64) {
        if difference != 0 { self.total.wrappingAdd(difference, ordering: .relaxed) }
    }
}
