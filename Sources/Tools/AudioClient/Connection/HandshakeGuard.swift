import NIOCore
import NIOHTTP1

/// Lets only so many bytes through, and so much time pass, until the handshake is over, so that a head without end, or
/// one informational answer after another, is not read for ever. Stands before the HTTP decoder.
final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let server: ServerURL
    private let timeout: Duration
    private var deadline: Scheduled<Void>?
    private var meter = HandshakeMeter()
    private var hasFailed = false

    init(server: ServerURL, timeout: Duration) {
        self.server = server
        self.timeout = timeout
    }

    func channelActive(context: ChannelHandlerContext) {
        self.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: self.timeout.timeAmount) {
            self.fail(context, ErrorHandler.timedOut(after: self.timeout, while: "shaking hands with \(self.server)"))
        }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasFailed else { return }
        guard self.meter.accept(Self.unwrapInboundIn(data).readableBytesView) else {
            self.fail(
                context,
                HandshakeVerdict.violation("the head of its answer is longer than \(HandshakeMeter.limit) bytes")
            )
            return
        }
        context.fireChannelRead(data)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: ClientError) {
        self.hasFailed = true
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}

/// Looks at the answer before the upgrade handler does, because that one keeps the reasons of a refusal to itself.
final class HandshakeObserver: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private let key: String
    private var hasFailed = false

    init(key: String) { self.key = key }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasFailed else { return }
        if case .head(let head) = Self.unwrapInboundIn(data),
            let fault = HandshakeVerdict.fault(in: head, key: self.key)
        {
            self.hasFailed = true
            context.fireErrorCaught(fault)
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }
}
