import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The server's connections: HTTP/1.1 by Hummingbird, until one asks for a WebSocket and becomes ours.
struct GatewayChannel: ServerChildChannel, HTTPChannelHandler {
    /// What became of a connection.
    enum Outcome: Sendable {
        case webSocket
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let outcome: EventLoopFuture<Outcome>
    }

    let service: GatewayService
    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let limits = self.service.configuration.http
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration<Outcome>(
                upgradeConfiguration: .init(
                    upgraders: [WebSocketUpgrader(service: self.service)],
                    notUpgradingCompletionHandler: { channel in
                        channel.eventLoop.makeCompletedFuture { try self.addHTTP(to: channel, logger: logger) }
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
            try pipeline.addHandler(UpgradeGate(service: self.service), position: .before(upgrade))
            // From the accept on, not from byte to byte: a peer that dribbles its header gains nothing.
            let deadline = channel.eventLoop.scheduleTask(in: limits.headerTimeout) { channel.close(promise: nil) }
            outcome.whenComplete { _ in deadline.cancel() }
            return Value(channel: channel, outcome: outcome)
        }
    }

    private func addHTTP(to channel: any Channel, logger: Logger) throws -> Outcome {
        let limits = self.service.configuration.http
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
        try channel.pipeline.syncOperations.addHandler(
            WriteTimeoutHandler(limit: limits.writeTimeout, logger: self.service.logger),
            position: .first
        )
        try channel.pipeline.syncOperations.addHandler(ResponseFramingHandler())
        try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try channel.pipeline.syncOperations.addHandler(ConnectionSignalsHandler())
        try channel.pipeline.syncOperations.addHandler(
            HTTPConnectionStateHandler(idleTimeout: .nanoseconds(limits.idleTimeout.nanoseconds), logger: logger)
        )
        return .http(
            try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        )
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.outcome.get() {
            case .webSocket: try await value.channel.closeFuture.get()
            case .http(let channel): await self.handleHTTP(asyncChannel: channel, logger: logger)
            }
        } catch {
            logger.debug("connection ended before its first request", metadata: ["error": "\(error)"])
            value.channel.close(promise: nil)
        }
    }
}
