public import CacheProtocol
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The gateway: takes WebSocket connections and keeps their streams in a backend.
///
/// Run it in a `ServiceGroup`, or by ``run()``; graceful shutdown lets uploads and answers in progress end, then the
/// backend.
public struct GatewayServer: Service {
    private let service: GatewayService
    private let onListening: @Sendable (_ port: Int) async -> Void
    private let onReadiness: @Sendable (Readiness) async -> Void

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - configuration: How it listens, logs and guards itself.
    ///   - backend: Where streams are kept; run by this server.
    ///   - logger: Where to log.
    ///   - onListening: Called once connections are accepted, with the port.
    ///   - onReadiness: Called within moments where the gateway became ready, or is not so any more.
    public init(
        configuration: GatewayConfiguration,
        backend: any CacheBackend,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in },
        onReadiness: @escaping @Sendable (Readiness) async -> Void = { _ in }
    ) {
        var logger = logger
        logger.logLevel = configuration.logLevel
        self.service = GatewayService(
            backend: backend,
            configuration: configuration,
            logger: logger,
            eventLoopGroup: Self.eventLoopGroup
        )
        self.onListening = onListening
        self.onReadiness = onReadiness
    }

    private static var eventLoopGroup: MultiThreadedEventLoopGroup { .singleton }

    /// Whether every event loop has turned within the last seconds.
    public var isAlive: Bool { self.service.eventLoops.isAlive(at: .now()) }

    /// Serves until the task is cancelled or the service group shuts down.
    ///
    /// - Throws: Where the address can't be listened on, or the backend can't work.
    public func run() async throws {
        let service = self.service
        let configuration = service.configuration
        let onListening = self.onListening
        let application = Application(
            router: GatewayRoutes(service: service).router(),
            server: HTTPServerBuilder { responder in GatewayChannel(service: service, responder: responder) },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil
            ),
            onServerRunning: { channel in
                service.state.beganToListen()
                await onListening(channel.localAddress?.port ?? configuration.port)
            },
            eventLoopGroupProvider: .shared(Self.eventLoopGroup),
            logger: service.logger
        )
        // The last one is told to stop first.
        var group = ServiceGroupConfiguration(
            services: [
                service.eventLoops, ReadinessMonitor(service: service, onChange: self.onReadiness),
                BackendService(backend: service.backend), application,
                DrainService(state: service.state, delay: .seconds(configuration.shutdownDelaySeconds)),
            ],
            logger: service.logger
        )
        group.maximumGracefulShutdownDuration = .seconds(
            configuration.shutdownDelaySeconds + configuration.shutdownGraceSeconds
        )
        try await ServiceGroup(configuration: group).run()
    }

    /// The backend's background work; it ends after the server has.
    private struct BackendService: Service {
        let backend: any CacheBackend

        func run() async throws {
            do {
                try await cancelWhenGracefulShutdown { try await self.backend.run() }
            } catch is CancellationError {
                // A backend may end so when it is told to; only a failure of its own is one.
            }
        }
    }
}
