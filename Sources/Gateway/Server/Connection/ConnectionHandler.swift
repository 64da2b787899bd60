import CacheProtocol
import DequeModule
import Logging
import NIOCore
import Wire

/// One WebSocket connection: turns received bytes into events, events into actions, and carries the actions out.
///
/// Everything is decided by values (``FrameParser``, ``UploadMachine``, ``RequestQueue``, ``RangeDecision``,
/// ``ConnectionTimers``); this type has the channel, the clock and the backend. All of it lives on the channel's event
/// loop. A binary frame in and a GET out take no task and no future unless the backend answers "later".
///
/// Back-pressure both ways: where ``isBlocked``, nothing is read from the socket; where the socket takes no more, no
/// answer is prepared.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let service: GatewayService
    let logger: Logger

    // What the peer sends.
    private var parser: FrameParser
    private var received: Deque<ByteBuffer> = []
    private var isProcessing = false
    private var wantsRead = false
    private var hasInputEnded = false
    /// When bytes came last.
    private var receivedAt = NIODeadline.now()
    /// Bytes of the upload that came and were not counted yet.
    var uncountedBytes = 0
    var pings: PingBudget
    var starts: StartBudget

    // What the peer is doing.
    var upload = UploadMachine<StreamWriter>()
    var pace = UploadPace()
    var requests = RequestQueue()
    var readers = ReaderCache()
    var readerTimer: Scheduled<Void>?
    /// The frame that is being sent, in windows.
    var transfer: Transfer?
    var subscription: ActiveSubscription?
    /// Which writer of its stream the open upload is.
    var uploadEpoch: Int64 = 0
    /// What this connection's upload holds at the server.
    var uploadHold: UploadHold?
    /// Whether a START waits to be admitted.
    var isHeld = false
    /// Whether the open upload is among those that are counted as open.
    var isUploadCounted = false
    /// Whether the first request waits for the backend.
    var isAwaiting = false
    var isPumping = false
    var waitDeadline: (number: UInt64, timer: Scheduled<Void>)?

    // What the peer is sent.
    var written: Int64 = 0
    var deferred: [ByteBuffer] = []
    var pendingPong: ByteBuffer?
    var headerOfLength: (length: Int64, header: ByteBuffer)?
    /// What waits for the peer; from the channel's beginning to its end.
    private(set) var account: OutboundAccount?

    // Who the peer is.
    var grant: Grant
    private var settingsGeneration: Int

    // How the connection goes.
    var context: ChannelHandlerContext?
    var timers: ConnectionTimers
    private var timer: Scheduled<Void>?
    /// Ends the connection when the time is over that a shutdown leaves it.
    var graceTimer: Scheduled<Void>?
    var isClosing = false
    var isQuiescing = false
    var tasks: [UInt64: Task<Void, Never>] = [:]
    var lastTask: UInt64 = 0
    var lastSubscription: UInt64 = 0

    init(service: GatewayService, connection: String, grant: Grant = .open) {
        self.service = service
        self.grant = grant
        self.settingsGeneration = service.generation
        var logger = service.logger
        logger[metadataKey: "connection"] = "\(connection)"
        if grant.token != nil { logger[metadataKey: "principal"] = "\(grant.principal.name)" }
        self.logger = logger
        self.parser = FrameParser(role: .server, limits: service.configuration.frameLimits)
        self.timers = ConnectionTimers(limits: service.configuration.timerLimits, now: .now())
        self.pings = PingBudget(perSecond: service.configuration.maximumPingsPerSecond, now: .now())
        self.starts = StartBudget(perSecond: service.configuration.maximumStartsPerSecond, now: .now())
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.account = OutboundAccount(self.service.outbound, of: context.channel)
        self.service.load.connectionOpened()
        self.service.metrics.connectionRequested(.accepted)
        self.service.eventLoops.pulse(of: context.eventLoop)?.add(self)
        self.logger.debug("connection opened", metadata: ["peer": "\(context.remoteAddress?.description ?? "-")"])
        self.scheduleTimer()
        if self.service.configuration.greeting == .eager { self.greet() }
        guard self.service.state.isEnding else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.quiesce() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.connectionEnded()
        self.timer?.cancel()
        self.graceTimer?.cancel()
        self.account?.close()
        self.account = nil
        self.service.eventLoops.pulse(of: context.eventLoop)?.remove(self)
        self.context = nil
        self.service.load.connectionClosed()
        self.logger.debug("connection closed")
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connectionEnded()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.receivedAt = .now()
        self.timers.received(at: self.receivedAt)
        guard !self.isClosing else { return }
        self.received.append(Self.unwrapInboundIn(data))
        self.process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.carryOut(self.pace.readCompleted())
        self.countReceived()
        self.pump()
        context.flush()
        self.countUnsent()
    }

    func read(context: ChannelHandlerContext) {
        if self.isBlocked {
            self.wantsRead = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.pump()
            self.resumeReading()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // A bare TCP close is a close, in its place after what was sent before it.
            self.hasInputEnded = true
            self.process()
        case is ChannelShouldQuiesceEvent: self.quiesce()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.logger.debug("connection failed", metadata: ["error": "\(error)"])
        self.connectionEnded()
        context.close(promise: nil)
    }

    // MARK: Reading

    /// Whether nothing more may be read from the peer until something else has happened.
    var isBlocked: Bool {
        guard !self.isClosing, let context = self.context else { return false }
        if self.upload.isBlocked || self.requests.isBlocked || self.isHeld { return true }
        if self.deferred.count >= RequestQueue.capacity { return true }
        return !context.channel.isWritable && self.pendingBytes > self.service.configuration.outboundHardLimit
    }

    /// Reads on, where something had kept the connection from it.
    func resumeReading() {
        self.process()
        self.carryOut(self.pace.readCompleted())
        self.pump()
        self.context?.flush()
        self.countUnsent()
        if self.wantsRead, !self.isBlocked {
            self.wantsRead = false
            self.context?.read()
        }
    }

    /// Acts on what was received, as far as nothing blocks.
    private func process() {
        guard !self.isProcessing else { return }
        self.isProcessing = true
        defer { self.isProcessing = false }
        while !self.isBlocked, !self.isClosing, var buffer = self.received.popFirst() {
            do throws(FrameViolation) {
                while !self.isBlocked, !self.isClosing, let event = try self.parser.next(&buffer) {
                    self.handle(event)
                }
            } catch {
                self.logger.info("protocol violation", metadata: ["reason": "\(error)"])
                self.close(error.closeCode, reason: error.reason)
            }
            if buffer.readableBytes > 0, !self.isClosing { self.received.prepend(buffer) }
        }
        if self.isClosing { self.received = [] }
        if self.parser.isInsideText != self.timers.isInsideText {
            self.timers.text(isInside: self.parser.isInsideText, at: .now())
            if self.timers.isInsideText { self.scheduleTimer() }
        }
        guard self.hasInputEnded, self.received.isEmpty, self.isClosing || !self.upload.isBlocked else { return }
        // What a peer that has closed was still to be sent is nobody's any more.
        self.connectionEnded()
        self.context?.close(promise: nil)
    }

    private func handle(_ event: FrameParser.Event) {
        switch event {
        case .binary(let bytes, _): self.received(bytes)
        case .text(let text):
            // The time of the next message is its own, though both come in one piece.
            self.timers.text(isInside: false, at: .now())
            self.received(text: text)
        case .ping(let payload):
            guard self.pings.admit(at: .now()) else {
                return self.close(.policyViolation, reason: "too many pings")
            }
            self.pong(payload)
        case .pong: break
        case .close(let code, _):
            self.logger.trace("peer closes", metadata: ["code": "\(code?.description ?? "-")"])
            self.close(code, reason: "")
        }
    }

    private func received(text: ByteBuffer) {
        do throws(MessageFault) {
            let request = try ClientRequest(json: text)
            guard self.renewGrant() else { return }
            switch request.message {
            case .start, .stop, .abort:
                if let rejection = self.rejection(of: request.message) {
                    return self.send(rejection.reply(to: request.requestID))
                }
            default: break
            }
            switch request.message {
            case .start(let start): self.start(start, request.requestID)
            case .stop(let streamID, let sha256): self.stop(streamID, sha256: sha256, request.requestID)
            case .abort(let streamID): self.abort(streamID, request.requestID)
            default:
                // What was sent before is to be seen by what is asked after it.
                self.flushUpload()
                self.requests.append(request, at: self.receivedAt)
                self.pump()
            }
        } catch {
            self.send(.error(error.code, error.message, requestID: error.requestID))
        }
    }

    // MARK: Time

    /// Looks at the time now, and again when that is due.
    func scheduleTimer() {
        self.timer?.cancel()
        guard self.renewGrant(), let context = self.context else { return }
        let pending = self.pendingBytes
        let (action, next) = self.timers.look(
            at: .now(),
            drained: self.written - pending,
            pending: pending,
            // A GET that waits for bytes waits for somebody else; the peer has to be there all the same.
            isWaiting: self.upload.isBlocked || self.isAwaiting && self.waitDeadline == nil || self.isHeld
        )
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(deadline: next) { bound.value.scheduleTimer() }
        switch action {
        case .none: break
        case .greet: self.greet()
        case .ping: self.ping()
        case .giveUpIdle:
            self.logger.debug("idle connection given up")
            self.close(.goingAway, reason: "idle")
        case .giveUpMessage:
            self.logger.info("connection given up", metadata: ["reason": "a text message took too long"])
            self.close(.policyViolation, reason: "a text message took too long")
        case .giveUpStalled, .giveUpClosing:
            self.logger.debug("connection given up", metadata: ["reason": "\(String(describing: action))"])
            self.connectionEnded()
            context.reset()
        }
    }

    // MARK: Rights

    /// Looks whether the peer's token still holds, where settings have changed; closes the connection where it does not.
    private func renewGrant() -> Bool {
        let generation = self.service.settings.generation
        guard generation != self.settingsGeneration, !self.isClosing else { return true }
        self.settingsGeneration = generation
        guard let grant = self.grant.renewed(by: self.service.settings.current.access) else {
            self.logger.notice("connection closed: its token was withdrawn")
            self.close(.policyViolation, reason: "the token was withdrawn")
            return false
        }
        self.grant = grant
        guard let missing = self.rightsMissingUnderWay else { return true }
        self.logger.notice("connection closed: its token has lost a right", metadata: ["right": "\(missing)"])
        self.close(.policyViolation, reason: "the token has lost the right: \(missing)")
        return false
    }

    /// What is missing for what the connection is at, if anything: bytes that come or go without being asked for one by
    /// one. The rest is looked at message by message.
    private var rightsMissingUnderWay: Rights? {
        var needed: Rights = []
        if self.subscription != nil { needed.insert(.read) }
        if self.upload.streamID != nil { needed.insert(.write) }
        let missing = needed.subtracting(self.grant.principal.rights)
        return missing.isEmpty ? nil : missing
    }

    /// Why the peer may not have a message acted on, if it may not.
    func rejection(of message: ClientMessage) -> Rejection? {
        guard let missing = self.grant.principal.rights.missing(for: message) else { return nil }
        return Rejection(
            .unauthorized,
            "The token of \(self.grant.principal.name) lacks the right: \(missing).",
            streamID: message.streamID
        )
    }

    // MARK: Waiting

    /// Waits for a backend's "later"; the connection owns the wait, and ends it with itself.
    ///
    /// - Returns: What to cancel the wait by.
    @discardableResult
    func wait<Value: Sendable>(
        for later: Later<Value>,
        then body: @escaping (ConnectionHandler, Result<Value, CacheError>) -> Void
    ) -> UInt64 {
        guard let eventLoop = self.context?.eventLoop else { return 0 }
        self.lastTask += 1
        let number = self.lastTask
        let bound = NIOLoopBound((handler: self, body: body), eventLoop: eventLoop)
        self.tasks[number] = Task {
            let result: Result<Value, CacheError>
            do throws(CacheError) {
                result = .success(try await later.value())
            } catch {
                result = .failure(error)
            }
            eventLoop.execute {
                let (handler, body) = bound.value
                handler.tasks.removeValue(forKey: number)
                guard handler.context != nil else { return }
                body(handler, result)
            }
        }
        return number
    }
}
