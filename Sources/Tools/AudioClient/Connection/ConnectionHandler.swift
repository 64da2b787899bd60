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
    private let isOurGateway: Bool
    private var parser: FrameParser
    private var context: ChannelHandlerContext?
    private var activity: (any Activity)?
    private var random = SystemRandomNumberGenerator()
    /// Frames that were written and not yet flushed.
    private var outgoing = ByteBuffer()
    private var watch: Scheduled<Void>?
    /// How often something has come from the server.
    private var reads: UInt64 = 0
    private var isPaused = false
    /// An ERROR that came while nothing was being done: the answer to something sent before.
    private var unclaimed: ServerMessage?
    /// Why nothing can be done any more.
    private var end: ClientError?

    init(settings: ConnectionSettings, isOurGateway: Bool = false) {
        self.settings = settings
        self.isOurGateway = isOurGateway
        self.parser = FrameParser(role: .client, limits: settings.frameLimits)
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
    ///
    /// - Parameters:
    ///   - error: What is wrong.
    ///   - code: What to tell the server; `nil` where the error's own code says enough.
    func fail(_ error: ClientError, closeCode code: CloseCode? = nil) {
        guard self.end == nil else { return }
        self.end = error
        self.sendClose(code ?? (error.code == .violation ? .protocolError : .goingAway))
        self.context?.close(promise: nil)
        let activity = self.activity
        self.finished()
        activity?.failed(error)
    }

    /// Puts a control message into the next batch.
    func send(_ request: ClientRequest) { self.send(.text, request.json()) }

    /// Puts a whole frame into the next batch.
    func send(_ opcode: Opcode, _ payload: ByteBuffer) {
        self.outgoing.writeFrame(opcode, payload: payload, maskingKey: self.makeKey())
    }

    /// Writes bytes that are frames already; `completion` is called, later, once the system has taken them.
    func write(_ frames: ByteBuffer, completion: @escaping (Result<Void, any Error>) -> Void) {
        guard let context = self.context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete(completion)
        context.write(Self.wrapOutboundOut(frames), promise: promise)
    }

    /// Stops taking bytes from the socket, so that TCP holds the server back.
    func pauseReading() { self.setReading(false) }

    /// Takes bytes from the socket again.
    func resumeReading() { self.setReading(true) }

    private func setReading(_ isReading: Bool) {
        guard self.isPaused == isReading, let context = self.context else { return }
        self.isPaused = !isReading
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    /// Ends everything, because nobody wants it any more.
    func cancel() {
        self.ended(ErrorHandler.clientError(CancellationError(), while: self.doing))
        self.context?.close(promise: nil)
    }

    /// Makes something that brings `body` to the event loop, from wherever it is called.
    func waker(_ body: @escaping () -> Void) -> @Sendable () -> Void {
        guard let eventLoop = self.context?.eventLoop else { return {} }
        let bound = NIOLoopBound(body, eventLoop: eventLoop)
        return { eventLoop.execute { bound.value() } }
    }

    /// Does something after a while.
    func schedule(in delay: TimeAmount, _ body: @escaping () -> Void) {
        _ = self.context?.eventLoop.assumeIsolated().scheduleTask(in: delay, body)
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

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if let makeActivity = self.settings.firstActivity { self.begin(makeActivity()) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.reads &+= 1
        var bytes = Self.unwrapInboundIn(data)
        do throws(FrameViolation) {
            while self.end == nil, let event = try self.parser.next(&bytes) { self.received(event) }
        } catch {
            self.fail(ErrorHandler.clientError(error, while: self.doing), closeCode: error.closeCode)
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
            if let activity = self.activity, activity.takes(text, on: self) { return }
            switch IncomingText(text) {
            case .message(let message): self.received(message)
            case .unknown: self.logger.debug("passed over a message of a type that is not known")
            case .payload: self.received(text, endsMessage: true)
            }
        case .ping(let payload): self.send(.pong, payload)
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

    /// Looks every so often whether something has happened since. Where nothing needs to happen, a server of ours is
    /// asked for a sign of life.
    ///
    /// What was written long ago may still be on its way, and the answer to what was written last can't come before it
    /// has arrived: as long as the server takes of it, it is not silent.
    private func startWatch(over activity: any Activity, isProbed: Bool = false) {
        guard let context = self.context else { return }
        let (progress, reads) = (activity.progress, self.reads)
        let waiting = self.settings.sendQueue(context.channel)
        let timeout = self.settings.answerTimeout
        self.watch = context.eventLoop.assumeIsolated().scheduleTask(in: timeout.timeAmount) {
            guard let current = self.activity else { return }
            let signs = SignsOfLife(
                hasProgressed: current.progress != progress,
                hasTaken: self.hasTaken(ofWaiting: waiting),
                hasHeard: self.reads != reads,
                isPatient: current.isPatient,
                isListening: !self.isPaused && self.isOurGateway,
                isProbed: isProbed
            )
            switch signs.verdict {
            case .goOn: self.startWatch(over: current)
            case .probe:
                self.outgoing.writeFrame(.ping, payload: ByteBuffer(), maskingKey: self.makeKey())
                self.flush()
                self.startWatch(over: current, isProbed: true)
            case .giveUp: self.fail(ErrorHandler.timedOut(after: timeout, while: current.name))
            }
        }
    }

    /// Whether less waits for the server than did, as far as that is known.
    private func hasTaken(ofWaiting before: Int64?) -> Bool {
        guard let before, let context = self.context, let now = self.settings.sendQueue(context.channel) else {
            return false
        }
        return now < before
    }
}
