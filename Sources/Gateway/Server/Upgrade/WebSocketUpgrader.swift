import NIOCore
import NIOHTTP1
import Wire

/// Upgrades connections that ask for it. The choreography is NIO's; who is let in is the policy's to say; and what comes
/// after is our own handler, not the library's frame codec.
struct WebSocketUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    typealias UpgradeResult = GatewayChannel.Outcome

    let service: GatewayService
    let place: Connections.Place

    var supportedProtocol: String { "websocket" }
    // What the request needs is checked by the gate, whose answers say more than falling through would.
    var requiredUpgradeHeaders: [String] { [] }

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        // The policy has let the request in; this makes the answer.
        switch self.decide(upgradeRequest) {
        case .refuse: return channel.eventLoop.makeFailedFuture(NotUpgraded())
        case .accept(let fields, _):
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
                value: ReceiveBuffer.allocator(besides: self.service.load.connections)
            )
            try options?.setOption(.writeBufferWaterMark, value: OutboundBudget.usual)
            guard case .accept(_, let grant) = self.decide(upgradeRequest) else { throw NotUpgraded() }
            self.place.upgraded()
            try channel.pipeline.syncOperations.addHandler(
                ConnectionHandler(
                    service: self.service,
                    connection: self.service.load.nextConnectionName(),
                    grant: grant
                )
            )
            return .webSocket
        }
    }

    /// As the gate has decided, but for the room, which it has seen.
    private func decide(_ head: HTTPRequestHead) -> UpgradePolicy.Decision {
        self.service.configuration.upgradePolicy.decide(head, connections: 0, limit: 1)
    }

    /// Not reached: the gate refuses what the handshake would.
    private struct NotUpgraded: Error {}
}
