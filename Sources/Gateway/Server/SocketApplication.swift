import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Serves, on a socket that listens already, what Hummingbird's `Application` serves on an address: it has no way to take
/// one over. Connections and routes are the same, and so is the way in which they end.
struct SocketApplication: Service {
    /// As many connections may wait to be accepted as with an address.
    private static let backlog: Int32 = 256

    /// The socket, which this closes.
    let socket: NIOBSDSocket.Handle
    let service: GatewayService
    /// Called once connections are accepted.
    let onServerRunning: @Sendable (any Channel) async -> Void

    func run() async throws {
        let connections = GatewayChannel(service: self.service, responder: self.responder())
        let logger = self.service.logger
        let quiescing = ServerQuiescingHelper(group: GatewayService.eventLoopGroup)
        let server = try await ServerBootstrap(group: GatewayService.eventLoopGroup)
            .serverChannelOption(.backlog, value: Self.backlog)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .bind(self.socket) { channel in connections.setup(channel: channel, logger: logger) }
        try await withGracefulShutdownHandler {
            await self.onServerRunning(server.channel)
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { accepted in
                    for try await connection in accepted {
                        group.addTask { await connections.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
        }
    }

    /// Answers the requests of a connection; what goes wrong with one, the routes tell themselves.
    private func responder() -> HTTPChannelHandler.Responder {
        let responder = GatewayRoutes(service: self.service).router().buildResponder()
        let logger = self.service.logger
        return { request, writer, channel in
            let context = GatewayRequestContext(source: .init(channel: channel, logger: logger))
            var response = try await responder.respond(to: request, context: context)
            response.headers[.date] = HTTPDate(.now).fieldValue
            do {
                try await writer.write(response: response.head, body: response.body)
            } catch is HTTPParserError {
                // Under its own name it would bring a second answer about, behind the first half of this one.
                throw ChannelError.inputClosed
            }
        }
    }
}
