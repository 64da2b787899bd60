import Logging
import NIOCore
import Wire

/// The client's end of a WebSocket connection: reads and writes frames for one ``Activity`` at a time.
///
/// Everything that it sends is masked, each frame with a key of its own (RFC 6455, 5.3).
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let settings: ConnectionSettings
    private var parser: FrameParser
    private var context: ChannelHandlerContext?
    private var activity: (any Activity)?
    private var random = SystemRandomNumberGenerator()
    /// Frames that were written and not yet flushed.
    private var outgoing = ByteBuffer()
    private var watch: Scheduled<Void>?
    /// An ERROR that came while nothing was being done: the answer to something sent before.
    private var unclaimed: ServerMessage?
    /// Why nothing can be done any more.
    private var end: ClientError?

    init(settings: ConnectionSettings) {
        self.settings = settings
        var limits = FrameParser.Limits()
        limits.textMessageLength = Int(limits.binaryMessageLength)
        limits.checksText = false
        self.parser = FrameParser(role: .client, limits: limits)
    }

    // MARK: What activities use

    /// Where notices go.
    var logger: Logger { self.settings.logger }

    /// Whether the connection can take more without holding much back.
    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    /// A key for one frame.
    func makeKey() -> MaskingKey { MaskingKey(littleEndian: self.random.next()) }

    /// Begins something; it fails at once where the connection is over.
    func begin(_ activity: any Activity) {
        if let end = self.end {
            activity.failed(end)
        } else if self.activity != nil {
            activity.failed(ClientError(.usage, "The connection is busy.", remedy: "Do one thing at a time on it."))
        } else if let unclaimed = self.unclaimed {
            self.unclaimed = nil
            activity.failed(ErrorHandler.refused(unclaimed, while: activity.name))
        } else {
            self.activity = activity
            self.startWatch(over: activity)
            activity.begin(on: self)
        }
    }

    /// The activity is over.
    func finished() {
        self.activity = nil
        self.watch?.cancel()
        self.watch = nil
    }

    /// Ends the activity for want of sense in what the server says: nothing that it says after that can be trusted.
    func fail(_ error: ClientError) {
        guard self.end == nil else { return }
        self.end = error
        self.sendClose(error.code == .violation ? .protocolError : .goingAway)
        self.context?.close(promise: nil)
        let activity = self.activity
        self.finished()
        activity?.failed(error)
    }

    /// Puts a control message into the next batch.
    func send(_ request: ClientRequest) {
        self.outgoing.writeFrame(.text, payload: request.json(), maskingKey: self.makeKey())
    }

    /// Writes bytes that are frames already; `completion` is called, later, once the system has taken them.
    func write(_ frames: ByteBuffer, completion: @escaping (Result<Void, any Error>) -> Void) {
        guard let context = self.context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete(completion)
        context.write(Self.wrapOutboundOut(frames), promise: promise)
    }

    /// Does something once others on the event loop have had their turn.
    func execute(_ body: @escaping () -> Void) { self.context?.eventLoop.assumeIsolated().execute(body) }

    /// Sends what was written.
    func flush() {
        guard let context = self.context else { return }
        if self.outgoing.readableBytes > 0 {
            context.write(Self.wrapOutboundOut(self.outgoing), promise: nil)
            self.outgoing = ByteBuffer()
        }
        context.flush()
    }

    /// Says goodbye; the connection is over once the server has answered or the channel is closed.
    func sendClose(_ code: CloseCode) {
        self.outgoing.writeCloseFrame(code, maskingKey: self.makeKey())
        self.flush()
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        do throws(FrameViolation) {
            while self.end == nil, let event = try self.parser.next(&bytes) { self.received(event) }
        } catch {
            self.fail(ErrorHandler.clientError(error, while: self.doing))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.activity?.batchEnded(on: self)
        if self.outgoing.readableBytes > 0 { self.flush() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.activity?.becameWritable(on: self) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.ended(ErrorHandler.dropped(while: self.doing, isInsideFrame: !self.parser.isAtFrameBoundary))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let error = ErrorHandler.clientError(error, while: self.doing)
        // What the server said before it hung up may still be unread, and tells more than the failed write does.
        guard error.cause != .dropped else { return }
        self.ended(error)
        context.close(promise: nil)
    }

    // MARK: Events

    private var doing: String { self.activity?.name ?? "nothing was under way" }

    private func received(_ event: FrameParser.Event) {
        switch event {
        case .binary(let bytes, let endsMessage): self.received(bytes.bytes, endsMessage: endsMessage)
        case .text(let text):
            switch IncomingText(text) {
            case .message(let message): self.received(message)
            case .unknown: self.logger.debug("passed over a message of a type that is not known")
            case .payload: self.received(text, endsMessage: true)
            }
        case .ping(let payload):
            self.outgoing.writeFrame(.pong, payload: payload, maskingKey: self.makeKey())
        case .pong: break
        case .close(let code, let reason):
            self.sendClose(code ?? .normal)
            self.ended(ErrorHandler.closed(code, reason: reason, while: self.doing))
            self.context?.close(promise: nil)
        }
    }

    private func received(_ message: ServerMessage) {
        switch message.kind {
        case .connected: self.logger.debug("the server greets")
        default:
            if let activity = self.activity {
                activity.received(message, on: self)
            } else if message.kind == .error {
                self.unclaimed = message
            } else {
                self.logger.debug("passed over a message that answers nothing", metadata: ["type": "\(message.kind)"])
            }
        }
    }

    private func received(_ payload: ByteBuffer, endsMessage: Bool) {
        if let activity = self.activity {
            activity.received(payload, endsMessage: endsMessage, on: self)
        } else {
            self.logger.debug("passed over bytes that nobody asked for")
        }
    }

    private func ended(_ error: ClientError) {
        guard self.end == nil else { return }
        self.end = error
        let activity = self.activity
        self.finished()
        activity?.failed(error)
    }

    /// Looks every so often whether something has happened since.
    private func startWatch(over activity: any Activity) {
        guard let context = self.context else { return }
        let before = activity.progress
        let timeout = self.settings.answerTimeout
        self.watch = context.eventLoop.assumeIsolated().scheduleTask(in: timeout.timeAmount) {
            guard let current = self.activity else { return }
            if current.progress == before {
                self.fail(ErrorHandler.timedOut(after: timeout, while: current.name))
            } else {
                self.startWatch(over: current)
            }
        }
    }
}
