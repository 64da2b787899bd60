import Logging
import NIOCore
import NIOHTTP1
import Wire

/// Stands before the library's upgrade handler, which loses the head of a request whose upgrade comes to nothing: only a
/// request that will be upgraded reaches it as one.
///
/// What the policy refuses is answered here, and ends the connection. Other requests go on as plain HTTP, their wish to
/// upgrade ignored (RFC 9110, 7.8); the connection ends after them, since the decoder reads no further. Heads that are
/// none are answered here too, for as long as the connection speaks HTTP.
final class UpgradeGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let service: GatewayService
    private var isFirstRequest = true
    /// Whether the decoder has seen a wish to upgrade, after which it reads nothing.
    private var isLastRequest = false
    private var hasRefused = false
    /// Requests that were not answered to the end.
    private var openRequests = 0

    init(service: GatewayService) { self.service = service }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasRefused else { return }
        guard case .head(let head) = Self.unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        self.openRequests += 1
        let isFirst = self.isFirstRequest
        self.isFirstRequest = false
        self.isLastRequest = head.headers.contains(name: "upgrade")
        guard isFirst, self.isLastRequest else { return context.fireChannelRead(data) }
        let policy = self.service.configuration.upgradePolicy
        guard policy.isWebSocketPath(head.uri), Self.namesWebSocket(head) else {
            var plain = head
            plain.headers.remove(name: "upgrade")
            return context.fireChannelRead(Self.wrapInboundOut(.head(plain)))
        }
        let decision = policy.decide(
            head,
            connections: self.service.load.connections,
            limit: self.service.configuration.maximumConnections
        )
        switch decision {
        case .accept:
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        case .refuse(let refusal):
            self.service.metrics.connectionRequested(.init(refusal: refusal.status))
            guard refusal.isGuess else { return self.refuseAndClose(context, refusal) }
            self.hasRefused = true
            let delay = self.service.guesses.guessed(by: context.remoteAddress)
            self.service.logger.notice("wrong token", metadata: ["peer": "\(context.remoteAddress?.ipAddress ?? "-")"])
            _ = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.refuseAndClose(context, refusal) }
        }
    }

    private func refuseAndClose(_ context: ChannelHandlerContext, _ refusal: Refusal) {
        self.refuse(context, refusal.status, reason: refusal.reason, refusal.fields)
        // What the peer has not read yet is not to be lost by a reset, unless it does not come to read it.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: self.service.configuration.http.closeTimeout) {
            channel.dropUnsentAtClose()
            channel.close(promise: nil)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !self.hasRefused else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(var head) where self.isLastRequest:
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            self.openRequests -= 1
            guard self.isLastRequest, self.openRequests == 0 else { return context.write(data, promise: promise) }
            context.writeAndFlush(data, promise: promise)
            context.close(mode: .output, promise: nil)
        default: context.write(data, promise: promise)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, self.isFirstRequest {
            // Nothing was asked for, and nothing is begun any more (RFC 9112, 9.6).
            return context.close(promise: nil)
        }
        guard event is HeaderTimeout else { return context.fireUserInboundEventTriggered(event) }
        guard !self.hasRefused, self.openRequests == 0 else { return context.close(promise: nil) }
        self.refuseAndClose(context, Refusal(.requestTimeout, "The request's header took too long."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An answer to something else must not be taken for the answer to a request that waits for one.
        if let error = error as? HTTPParserError, self.openRequests == 0, !self.hasRefused {
            switch error {
            case .headerOverflow:
                self.refuseAndClose(
                    context,
                    Refusal(.requestHeaderFieldsTooLarge, "The request's header is too long.")
                )
            default:
                self.refuseAndClose(context, Refusal(.badRequest, "The request is not HTTP/1.1 (RFC 9112)."))
            }
        }
        context.fireErrorCaught(error)
    }

    private func refuse(
        _ context: ChannelHandlerContext,
        _ status: HTTPResponseStatus,
        reason: String,
        _ fields: [Handshake.Field]
    ) {
        self.hasRefused = true
        let body = ByteBuffer(string: reason + "\n")
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        head.headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        head.headers.add(name: "Cache-Control", value: "no-store")
        head.headers.add(name: "Connection", value: "close")
        for field in fields { head.headers.add(name: field.name, value: field.value) }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    private static func namesWebSocket(_ head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }
}

/// The time is over in which a connection's first header is to come.
struct HeaderTimeout {}
