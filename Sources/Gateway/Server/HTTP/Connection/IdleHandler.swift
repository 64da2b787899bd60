import HTTPTypes
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
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.time.received(isEnd: false, expectsContinue: head.expectsContinue, at: .now())
        case .body: self.time.received(isEnd: false, at: .now())
        case .end: self.time.received(isEnd: true, at: .now())
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        self.time.reads(at: .now())
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head: self.time.answers(at: .now())
        case .body: break
        case .end: self.time.answered(at: .now())
        }
        context.write(data, promise: promise)
    }

    private func look(_ context: ChannelHandlerContext) {
        let unsent = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        switch self.time.look(at: .now(), isSending: unsent > 0) {
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

extension HTTPRequest {
    /// Whether the peer may wait for 100 before it sends the body.
    fileprivate var expectsContinue: Bool { self.headerFields[.expect]?.lowercased() == "100-continue" }
}
