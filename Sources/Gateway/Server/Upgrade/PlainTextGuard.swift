import NIOCore

/// Tells peers who speak plain text to a TLS port what they have reached, instead of leaving them with an alert that they
/// can't read. Stands before the TLS handler until the first byte has come.
final class PlainTextGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The type of a record with a handshake message in it (RFC 8446, 5.1), which is what a TLS client begins with.
    private static let handshakeRecord: UInt8 = 22

    private var hasRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasRefused else { return }
        let bytes = Self.unwrapInboundIn(data)
        guard let first = bytes.readableBytesView.first, first != Self.handshakeRecord else {
            context.fireChannelRead(data)
            if bytes.readableBytes > 0 { context.pipeline.syncOperations.removeHandler(context: context, promise: nil) }
            return
        }
        self.hasRefused = true
        let text = "This port speaks TLS: use wss:// or https://.\n"
        let answer =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \(text.utf8.count)\r\n"
            + "Connection: close\r\n\r\n" + text
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        context.close(mode: .output, promise: nil)
    }
}
