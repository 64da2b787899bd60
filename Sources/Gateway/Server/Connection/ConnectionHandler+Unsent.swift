import NIOCore

extension ConnectionHandler {
    /// Has less wait for this peer while all connections together have too much waiting, and as much as usual again once
    /// they don't. What waits already goes out as the peer takes it.
    func heedBudget() {
        let waiting = self.service.outbound.waiting
        let limit = self.service.configuration.maximumUnsentBytes
        guard self.isSparing ? waiting < limit / 4 * 3 : waiting > limit else { return }
        self.isSparing.toggle()
        let mark = self.isSparing ? OutboundBudget.sparing : OutboundBudget.usual
        try? self.context?.channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark)
    }

    /// Tells the server's budget how many bytes wait for this peer. Those of a peer that takes them are gone by the next
    /// look; for one that does not, another look is arranged.
    func countUnsent() {
        let pending = self.pendingBytes
        self.service.outbound.changed(by: pending - self.countedUnsent)
        self.countedUnsent = pending
        guard pending > OutboundBudget.share, self.unsentCheck == nil, let eventLoop = self.context?.eventLoop else {
            return
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        self.unsentCheck = eventLoop.scheduleTask(in: .seconds(1)) {
            bound.value.unsentCheck = nil
            bound.value.countUnsent()
        }
    }

    /// The connection is over.
    func forgetUnsent() {
        self.unsentCheck?.cancel()
        self.unsentCheck = nil
        self.service.outbound.changed(by: -self.countedUnsent)
        self.countedUnsent = 0
    }
}
