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
    let service: GatewayService
    private let socket: Int32?
    private let onListening: @Sendable (_ port: Int) async -> Void
    private let onReadiness: @Sendable (Readiness) async -> Void

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - configuration: How it listens, logs and guards itself.
    ///   - backend: Where streams are kept; run by this server.
    ///   - socket: A TCP socket that listens already, in place of the configuration's address and port, which are to be
    ///     its own; closed by this server.
    ///   - logger: Where to log.
    ///   - onListening: Called once connections are accepted, with the port.
    ///   - onReadiness: Called within moments where the gateway became ready, or is not so any more.
    public init(
        configuration: GatewayConfiguration,
        backend: any CacheBackend,
        socket: Int32? = nil,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in },
        onReadiness: @escaping @Sendable (Readiness) async -> Void = { _ in }
    ) {
        self.service = GatewayService(backend: backend, configuration: configuration, logger: logger)
        self.socket = socket
        self.onListening = onListening
        self.onReadiness = onReadiness
    }

    /// How many bytes wait to be sent, over all connections.
    var unsentBytes: Int64 { self.service.outbound.waiting }

    /// Whether every event loop has turned within the last seconds.
    public var isAlive: Bool { self.service.eventLoops.isAlive(at: .now()) }

    /// Serves until the task is cancelled or the service group shuts down.
    ///
    /// - Throws: Where the address can't be listened on, or the backend can't work; ``ConfigError`` where others could
    ///   reach the gateway and need no token.
    public func run() async throws {
        let service = self.service
        try service.configuration.checkExposure()
        service.settings.change(to: service.configuration, try service.configuration.readCertificate())
        let configuration = service.configuration
        let application = self.application(service)
        // The last one is told to stop first.
        var group = ServiceGroupConfiguration(
            services: [
                service.eventLoops, ReadinessMonitor(service: service, onChange: self.onReadiness),
                MemoryRelief(load: service.load, logger: service.logger),
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

    /// What accepts connections.
    private func application(_ service: GatewayService) -> any Service {
        let configuration = service.configuration
        let onListening = self.onListening
        let onServerRunning: @Sendable (any Channel) async -> Void = { channel in
            service.state.beganToListen()
            await onListening(channel.localAddress?.port ?? configuration.port)
        }
        if let socket = self.socket {
            return SocketApplication(socket: socket, service: service, onServerRunning: onServerRunning)
        }
        return Application(
            router: GatewayRoutes(service: service).router(),
            server: HTTPServerBuilder { responder in GatewayChannel(service: service, responder: responder) },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil
            ),
            onServerRunning: onServerRunning,
            eventLoopGroupProvider: .shared(GatewayService.eventLoopGroup),
            logger: service.logger
        )
    }

    /// Works by another configuration from now on, as far as that can be done while it runs. New connections find all of
    /// it, certificates read anew among it; open ones keep their limits but for that of them all, and are closed within
    /// half a minute where their token is none any more.
    ///
    /// - Parameter configuration: The new one.
    /// - Returns: The keys whose new values only a new start brings into force; their old ones stay.
    /// - Throws: ``ConfigError`` where a certificate can't be read, or others could reach the gateway and need no token;
    ///   nothing is changed then.
    public func reload(_ configuration: GatewayConfiguration) throws -> [String] {
        let old = self.service.settings.current
        let (merged, fixed) = old.reloaded(as: configuration)
        try merged.checkExposure()
        self.service.settings.change(to: merged, try merged.readCertificate())
        self.service.outbound.change(limit: merged.maximumUnsentBytes)
        return fixed
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
