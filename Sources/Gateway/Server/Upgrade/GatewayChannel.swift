import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// The server's connections: HTTP/1.1 by Hummingbird, until one asks for a WebSocket and becomes ours.
struct GatewayChannel: ServerChildChannel, HTTPChannelHandler {
    /// What became of a connection.
    enum Outcome: Sendable {
        case webSocket
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        /// The connection, if it stays with HTTP; `nil` at its end, if it does not. Never fails.
        let plain: EventLoopFuture<PlainConnection?>

        init(_ channel: any Channel, _ outcome: EventLoopFuture<Outcome>, _ logger: Logger) {
            self.channel = channel
            self.plain = outcome.flatMap { outcome in
                switch outcome {
                case .webSocket: channel.closeFuture.map { nil }
                case .http(let plain): channel.eventLoop.makeSucceededFuture(PlainConnection(plain))
                }
            }.flatMapErrorThrowing { error in
                logger.debug("connection ended before its first request", metadata: ["error": "\(error)"])
                channel.close(promise: nil)
                return nil
            }
        }
    }

    let service: GatewayService
    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let service = self.service.current
        let (place, verdict) = service.connections.accept(channel.remoteAddress, service.configuration.censusLimits)
        guard let place else { return self.refuse(channel, verdict, service) }
        return channel.eventLoop.makeCompletedFuture {
            channel.closeFuture.whenComplete { _ in withExtendedLifetime(place) {} }
            // What the first read takes its memory for is kept for good.
            try channel.syncOptions?.setOption(.recvAllocator, value: ReceiveBuffer.first)
            let limits = service.configuration.http
            if let certificate = service.certificate {
                try channel.pipeline.syncOperations.addHandlers([
                    PlainTextGuard(), NIOSSLServerHandler(context: certificate.context),
                ])
            }
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration<Outcome>(
                upgradeConfiguration: .init(
                    upgraders: [WebSocketUpgrader(service: service, place: place)],
                    notUpgradingCompletionHandler: { channel in
                        channel.eventLoop.makeCompletedFuture { try self.addHTTP(to: channel, service, logger: logger) }
                    }
                )
            )
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.decoderConfiguration.maxHeaderFieldSize = limits.maximumFieldLength
            configuration.decoderConfiguration.maxHeaderListSize = limits.maximumHeaderLength
            configuration.decoderConfiguration.maxHeaderFieldCount = limits.maximumFields
            let outcome = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                configuration: configuration
            )
            let pipeline = channel.pipeline.syncOperations
            let upgrade = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Outcome>.self)
            try pipeline.addHandler(UpgradeGate(service: service), position: .before(upgrade))
            // From the accept on, not from byte to byte: a peer that dribbles its header gains nothing.
            let deadline = channel.eventLoop.scheduleTask(in: limits.headerTimeout) {
                channel.pipeline.fireUserInboundEventTriggered(HeaderTimeout())
                channel.eventLoop.scheduleTask(in: limits.closeTimeout) {
                    channel.dropUnsentAtClose()
                    channel.close(promise: nil)
                }
            }
            outcome.whenComplete { _ in deadline.cancel() }
            return Value(channel, outcome, logger)
        }
    }

    /// Tells a connection that there is no room for it, without reading what it says.
    private func refuse(
        _ channel: any Channel,
        _ verdict: ConnectionCensus.Verdict,
        _ service: GatewayService
    ) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            if case .refuse(let reason) = verdict {
                service.logger.debug(
                    "connection refused",
                    metadata: ["peer": "\(channel.remoteAddress?.ipAddress ?? "-")", "reason": "\(reason)"]
                )
                let isEncrypted = service.certificate != nil
                try channel.pipeline.syncOperations.addHandler(BusySignal(reason: isEncrypted ? nil : reason))
            }
            let outcome = channel.eventLoop.makePromise(of: Outcome.self)
            channel.closeFuture.whenComplete { _ in outcome.fail(ChannelError.eof) }
            return Value(channel, outcome.futureResult, service.logger)
        }
    }

    private func addHTTP(to channel: any Channel, _ service: GatewayService, logger: Logger) throws -> Outcome {
        let limits = service.configuration.http
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: OutboundBudget.usual)
        try channel.pipeline.syncOperations.addHandler(UnsentHandler(service: service), position: .first)
        try channel.pipeline.syncOperations.addHandler(ResponseFramingHandler())
        try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: service.certificate != nil))
        try channel.pipeline.syncOperations.addHandler(ConnectionSignalsHandler())
        try channel.pipeline.syncOperations.addHandler(IdleHandler(limit: limits.idleTimeout))
        // Its own timer would end a request whose body is not read since the backend is behind.
        try channel.pipeline.syncOperations.addHandler(HTTPConnectionStateHandler(idleTimeout: nil, logger: logger))
        let plain = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
        if service.state.isEnding {
            channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        }
        return .http(plain)
    }

    func handle(value: Value, logger: Logger) async {
        // The task of a connection lives as long as that, and so does the memory of whatever it has called and not come
        // back from: there are thousands that say nothing for hours, so it waits once, and for little.
        let plain = await withUnsafeContinuation { continuation in
            value.plain.whenSuccess { continuation.resume(returning: $0) }
        }
        if let plain { await self.serve(plain, logger) }
    }

    @inline(never)
    private func serve(_ plain: PlainConnection, _ logger: Logger) async {
        await withTaskCancellationHandler {
            await self.handleHTTP(asyncChannel: plain.channel, logger: logger)
        } onCancel: {
            // Whoever is cancelled waits no longer than where he shuts down in order.
            plain.channel.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}

/// A connection that stays with HTTP.
final class PlainConnection: Sendable {
    let channel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    init(_ channel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>) { self.channel = channel }
}
