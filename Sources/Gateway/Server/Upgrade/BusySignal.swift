import NIOCore

/// Answers a connection that there is no room for with 503, whatever it asks, and closes it within a second: long enough
/// for the answer to be read, and short enough for a flood to be over soon. Where connections are encrypted, a handshake
/// would cost more than a flood should, and the connection is only closed.
final class BusySignal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let reason: String?

    init(reason: String?) { self.reason = reason }

    func channelActive(context: ChannelHandlerContext) {
        guard let reason = self.reason else { return context.close(promise: nil) }
        let body = reason + "\n"
        let answer =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nCache-Control: no-store\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        context.close(mode: .output, promise: nil)
        _ = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Nobody asked.
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
