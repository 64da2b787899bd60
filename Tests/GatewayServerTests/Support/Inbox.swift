import NIOCore

/// What a peer has received and not looked at. Reads from the socket only while something is wanted.
final class Inbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Looks at the bytes, and whether more can come.
    ///
    /// - Returns: Whether it has got what it wants.
    typealias Want = (_ unread: inout ByteBuffer, _ isEnded: Bool) -> Bool

    private var unread = ByteBuffer()
    private var isEnded = false
    private var want: Want?
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Wants something, in place of what was wanted before.
    func expect(_ want: Want?) {
        self.want = want
        self.serve()
    }

    private func serve() {
        guard let want = self.want else { return }
        if want(&self.unread, self.isEnded) {
            self.want = nil
            if self.unread.readableBytes == 0 { self.unread.clear() }
        } else if !self.isEnded {
            self.context?.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unread.writeImmutableBuffer(Self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { self.serve() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.isEnded = true
        self.serve()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isEnded = true
        self.serve()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
