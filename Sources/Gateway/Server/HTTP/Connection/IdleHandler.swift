import NIOCore
import NIOHTTPTypes

/// Closes an HTTP connection whose peer has said nothing for too long, though it was its turn.
final class IdleHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var time: IdleTime
    private var timer: Scheduled<Void>?

    init(limit: TimeAmount) { self.time = IdleTime(limit: limit, now: .now()) }

    func handlerAdded(context: ChannelHandlerContext) { self.look(context) }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isEnd = if case .end = Self.unwrapInboundIn(data) { true } else { false }
        self.time.received(isEnd: isEnd, at: .now())
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        self.time.reads(at: .now())
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = Self.unwrapOutboundIn(data) { self.time.answered(at: .now()) }
        context.write(data, promise: promise)
    }

    private func look(_ context: ChannelHandlerContext) {
        switch self.time.look(at: .now()) {
        case .idle: context.close(promise: nil)
        case .fine(let next):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            self.timer = context.eventLoop.scheduleTask(deadline: next) {
                let (handler, context) = bound.value
                handler.look(context)
            }
        }
    }
}
