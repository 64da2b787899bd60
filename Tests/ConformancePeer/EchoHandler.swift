import NIOCore
import Wire

/// The server's end of a connection: the gateway's parser, encoder and way of closing, and an echo in place of streams.
final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var parser = FrameParser(role: .server, limits: .conformance)
    /// The binary message that is coming.
    private var binary = ByteBuffer()
    private var isClosing = false
    private var deadline: Scheduled<Void>?

    func handlerRemoved(context: ChannelHandlerContext) { self.deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        do throws(FrameViolation) {
            while !self.isClosing, let event = try self.parser.next(&bytes) { self.handle(event, context) }
        } catch {
            self.close(error.closeCode, reason: error.reason, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func handle(_ event: FrameParser.Event, _ context: ChannelHandlerContext) {
        switch event {
        case .binary(let bytes, let endsMessage):
            self.binary.writeImmutableBuffer(bytes.unmasked())
            guard endsMessage else { return }
            self.send(.binary, self.binary, context)
            self.binary = ByteBuffer()
        case .text(let text): self.send(.text, text, context)
        case .ping(let payload): self.send(.pong, payload, context)
        case .pong: break
        case .close(let code, _): self.close(code, reason: "", context)
        }
    }

    private func send(_ opcode: Opcode, _ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        var frame = ByteBuffer()
        frame.writeFrame(opcode, payload: payload)
        context.write(Self.wrapOutboundOut(frame), promise: nil)
    }

    /// Sends a Close and nothing more, and leaves it to the client to end the TCP connection, for a while.
    private func close(_ code: CloseCode?, reason: String, _ context: ChannelHandlerContext) {
        guard !self.isClosing else { return }
        self.isClosing = true
        var frame = ByteBuffer()
        frame.writeCloseFrame(code, reason: reason)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
        context.close(mode: .output, promise: nil)
        self.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) {
            context.close(promise: nil)
        }
    }
}

extension FrameParser.Limits {
    /// What group 9 asks for: messages of 16 MiB, and one of 4 MiB in pieces of 64 bytes.
    static var conformance: Self {
        var limits = Self()
        limits.textMessageLength = Int(limits.binaryMessageLength)
        limits.textFragments = 1 << 17
        return limits
    }
}
