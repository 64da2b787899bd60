import Logging
import NIOCore

/// Looks after what waits for an HTTP peer: counts it in the server's budget, has a close wait until it is sent, and
/// resets the connection where the peer takes nothing of it, or too slowly while the server shuts down.
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
    private var hasInputEnded = false
    private var isUnsentDropped = false
    /// The close that waits until everything is sent; `nil` before there is one.
    private var closing: EventLoopFuture<Void>?
    /// Ends the connection when the time is over that a shutdown leaves it.
    private var graceTimer: Scheduled<Void>?

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
        self.graceTimer?.cancel()
        self.graceTimer = nil
        self.account?.close()
        self.account = nil
        self.service.eventLoops.pulse(of: context.eventLoop)?.remove(self)
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.closing == nil else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
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

    // MARK: Closing

    /// Closes once everything is sent: the library closes behind the last write, which would drop what waits. A close of
    /// our half alone waits by itself, but not where the peer has closed the other one.
    ///
    /// What the peer sends from then on is passed over, so that nothing is begun whose answer would be dropped (RFC 9112,
    /// 9.6).
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let isWhole = mode == .all || mode == .output && self.hasInputEnded
        guard isWhole, self.pending > 0, !self.isUnsentDropped else {
            return context.close(mode: mode, promise: promise)
        }
        if let closing = self.closing { return closing.cascade(to: promise) }
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.cascade(to: promise)
        self.closing = closed.futureResult
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in bound.value.close(mode: mode, promise: closed) }
        // It has its turn behind all that waits.
        context.writeAndFlush(Self.wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: sent)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is UnsentIsDropped { self.isUnsentDropped = true }
        context.triggerUserOutboundEvent(event, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.closing == nil { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: self.hasInputEnded = true
        case is ChannelShouldQuiesceEvent where self.graceTimer == nil:
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            let grace = TimeAmount.seconds(self.service.configuration.shutdownGraceSeconds)
            self.graceTimer = context.eventLoop.scheduleTask(in: grace) { bound.value.reset() }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Time

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
