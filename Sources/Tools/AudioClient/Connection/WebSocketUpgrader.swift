import NIOCore
import NIOHTTP1
import Wire

/// Turns a channel whose handshake has succeeded into a ``ClientConnection``.
struct WebSocketUpgrader: NIOTypedHTTPClientProtocolUpgrader {
    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []

    /// The `Sec-WebSocket-Key`: 16 bytes of chance in base64.
    let key: String
    /// What the connection works by.
    let settings: ConnectionSettings
    /// The handler that ends with the handshake.
    let guardian: NIOLoopBound<HandshakeGuard>

    func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {
        upgradeRequestHeaders.add(name: "Sec-WebSocket-Key", value: self.key)
        upgradeRequestHeaders.add(name: "Sec-WebSocket-Version", value: Handshake.version)
    }

    func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool {
        HandshakeVerdict.fault(in: upgradeResponse, key: self.key) == nil
    }

    func upgrade(channel: any Channel, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<ClientConnection> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            pipeline.removeHandler(self.guardian.value, promise: nil)
            let server = upgradeResponse.headers.first(name: "server")
            let handler = ConnectionHandler(settings: self.settings, isOurGateway: ServerIdentity.isOurs(server))
            try pipeline.addHandler(handler)
            return ClientConnection(
                channel: channel,
                handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                settings: self.settings,
                server: server
            )
        }
    }
}
