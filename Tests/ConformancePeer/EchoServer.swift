import NIOCore
import NIOHTTP1
import NIOPosix
import Wire

/// A server that answers every opening handshake that is one, and then echoes.
enum EchoServer {
    /// Serves until the process ends.
    ///
    /// - Parameters:
    ///   - port: Where on 127.0.0.1; 0 for any free port.
    ///   - ready: Called once with the port.
    static func run(port: Int, ready: (Int) -> Void) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.prepare(channel) }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        ready(server.localAddress?.port ?? port)
        try await server.closeFuture.get()
    }

    private static func prepare(_ channel: any Channel) throws {
        var configuration = NIOUpgradableHTTPServerPipelineConfiguration<Void>(
            upgradeConfiguration: .init(
                upgraders: [Upgrader()],
                notUpgradingCompletionHandler: { $0.close() }
            )
        )
        configuration.enablePipelining = false
        _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(configuration: configuration)
    }

    private struct Upgrader: NIOTypedHTTPServerProtocolUpgrader {
        var supportedProtocol: String { "websocket" }
        var requiredUpgradeHeaders: [String] { [] }

        func buildUpgradeResponse(
            channel: any Channel,
            upgradeRequest: HTTPRequestHead,
            initialResponseHeaders: HTTPHeaders
        ) -> EventLoopFuture<HTTPHeaders> {
            switch Handshake.decide(upgradeRequest) {
            case .refuse(_, let reason, _): return channel.eventLoop.makeFailedFuture(Refusal(reason: reason))
            case .accept(let fields):
                var headers = initialResponseHeaders
                for field in fields { headers.add(name: field.name, value: field.value) }
                return channel.eventLoop.makeSucceededFuture(headers)
            }
        }

        func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(EchoHandler()) }
        }
    }

    private struct Refusal: Error {
        var reason: String
    }
}
