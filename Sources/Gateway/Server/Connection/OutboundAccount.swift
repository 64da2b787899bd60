import NIOCore

/// What waits to be sent over one connection, and its part in keeping that within the server's budget. Confined to the
/// channel's event loop.
final class OutboundAccount {
    private let budget: OutboundBudget
    private let channel: any Channel
    /// How many unsent bytes the budget knows of.
    private var counted: Int64 = 0
    private var check: Scheduled<Void>?
    /// Whether less than usual may wait for the peer, since all together have too much waiting.
    private var isSparing = false

    init(_ budget: OutboundBudget, of channel: any Channel) {
        self.budget = budget
        self.channel = channel
    }

    /// How many bytes wait for the peer to take them.
    var pending: Int64 {
        guard let options = self.channel.syncOptions else { return 0 }
        return Int64((try? options.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// Has less wait for this peer while all connections together have too much waiting, and as much as usual again once
    /// they don't. What waits already goes out as the peer takes it.
    func heedBudget() {
        let (waiting, limit) = (self.budget.waiting, self.budget.limit)
        guard self.isSparing ? waiting < limit / 4 * 3 : waiting > limit else { return }
        self.isSparing.toggle()
        let mark = self.isSparing ? OutboundBudget.sparing : OutboundBudget.usual
        try? self.channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark)
    }

    /// Tells the budget how many bytes wait for this peer. Those of a peer that takes them are gone by the next look; for
    /// one that does not, another look is arranged.
    ///
    /// - Returns: How many.
    @discardableResult
    func count() -> Int64 {
        let pending = self.pending
        self.budget.changed(by: pending - self.counted)
        self.counted = pending
        guard pending > OutboundBudget.share, self.check == nil else { return pending }
        let bound = NIOLoopBound(self, eventLoop: self.channel.eventLoop)
        self.check = self.channel.eventLoop.scheduleTask(in: .seconds(1)) {
            bound.value.check = nil
            bound.value.count()
        }
        return pending
    }

    /// The connection is over, or as good as that: nothing of it is counted any more.
    func close() {
        self.check?.cancel()
        self.check = nil
        self.budget.changed(by: -self.counted)
        self.counted = 0
    }
}
