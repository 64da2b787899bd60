import NIOCore
import NIOHTTP1
import Wire

/// Upgrades connections that ask for it. The choreography is NIO's; who is let in is the policy's to say; and what comes
/// after is our own handler, not the library's frame codec.
struct WebSocketUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    typealias UpgradeResult = GatewayChannel.Outcome

    let service: GatewayService

    var supportedProtocol: String { "websocket" }
    // What the request needs is checked by the gate, whose answers say more than falling through would.
    var requiredUpgradeHeaders: [String] { [] }

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        // The policy has let the request in; this makes the answer.
        switch Handshake.decide(upgradeRequest) {
        case .refuse: return channel.eventLoop.makeFailedFuture(NotUpgraded())
        case .accept(let fields):
            var headers = initialResponseHeaders
            for field in fields { headers.add(name: field.name, value: field.value) }
            return channel.eventLoop.makeSucceededFuture(headers)
        }
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<UpgradeResult> {
        channel.eventLoop.makeCompletedFuture {
            let options = channel.syncOptions
            try options?.setOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 8_192, maximum: 256 << 10)
            )
            try options?.setOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
            try channel.pipeline.syncOperations.addHandler(
                ConnectionHandler(service: self.service, connection: self.service.load.nextConnectionName())
            )
            return .webSocket
        }
    }

    /// Not reached: the gate refuses what the handshake would.
    private struct NotUpgraded: Error {}
}
