import Logging
import NIOCore

/// Looks after what waits for an HTTP peer: counts it in the server's budget, and closes the connection where the peer
/// takes nothing of it, since the library's own timer rests while an answer is being written.
///
/// Stands next to the socket, where every byte of the answer passes.
final class UnsentHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let service: GatewayService
    private var progress: WriteProgress
    private var written: Int64 = 0
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    private var account: OutboundAccount?

    init(service: GatewayService) {
        self.service = service
        self.progress = WriteProgress(limit: service.configuration.http.writeTimeout, now: .now())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.account = OutboundAccount(self.service.outbound, of: context.channel)
        self.service.eventLoops.pulse(of: context.eventLoop)?.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
        self.account?.close()
        self.account = nil
        self.service.eventLoops.pulse(of: context.eventLoop)?.remove(self)
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.account?.heedBudget()
        self.written += Int64(Self.unwrapOutboundIn(data).readableBytes)
        if self.timer == nil { self.look(context) }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        self.countUnsent()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.countUnsent()
        context.fireChannelWritabilityChanged()
    }

    /// Looks now, and again for as long as bytes wait. Before a write that is the first one, none do.
    private func look(_ context: ChannelHandlerContext) {
        let pending = self.pending
        switch self.progress.look(at: .now(), taken: self.written - pending, pending: pending) {
        case .stalled:
            self.service.logger.info(
                "HTTP connection closed: its peer takes nothing",
                metadata: ["pending": "\(pending)"]
            )
            context.reset()
        case .fine(let next): self.schedule(context, at: next)
        }
    }

    private func schedule(_ context: ChannelHandlerContext, at time: NIODeadline) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(deadline: time) {
            let (handler, context) = bound.value
            handler.timer = nil
            guard handler.pending > 0, context.channel.isActive else { return }
            handler.look(context)
        }
    }

    private var pending: Int64 { self.account?.pending ?? 0 }
}

extension UnsentHandler: OutboundConsumer {
    @discardableResult
    func countUnsent() -> Int64 { self.account?.count() ?? 0 }

    func letGo() {
        guard let context = self.context else { return }
        self.service.logger.notice(
            "HTTP connection closed: more waits to be sent than limits.maxUnsentBytes allows, and for this one most",
            metadata: ["waiting": "\(self.pending)"]
        )
        self.account?.close()
        context.reset()
    }
}
