import CacheProtocol
import Logging
import NIOPosix

/// What every connection works with.
struct GatewayService: Sendable {
    let backend: any CacheBackend
    /// The configuration that was in force when the connection came.
    private(set) var configuration: GatewayConfiguration
    /// What the connection is encrypted with, where it is.
    private(set) var certificate: ServerCertificate?
    /// Which of the ``settings`` that was.
    private(set) var generation = 0
    /// The configuration that is in force.
    let settings: LiveSettings
    let load: ServerLoad
    let state: ServerState
    let metrics: GatewayMetrics
    let eventLoops: EventLoopMonitor
    let connections = Connections()
    let outbound: OutboundBudget
    let guesses = GuessLedger()
    let owners = StreamOwners()
    let readers = ReaderCensus()
    private(set) var logger: Logger

    init(
        backend: any CacheBackend,
        configuration: GatewayConfiguration,
        load: ServerLoad,
        state: ServerState,
        metrics: GatewayMetrics,
        eventLoops: EventLoopMonitor,
        outbound: OutboundBudget,
        logger: Logger
    ) {
        self.backend = backend
        self.configuration = configuration
        self.settings = LiveSettings(configuration)
        self.load = load
        self.state = state
        self.metrics = metrics
        self.eventLoops = eventLoops
        self.outbound = outbound
        self.logger = logger
        self.logger.logLevel = configuration.logLevel
    }

    /// The same, by the configuration that is in force now.
    var current: Self {
        var service = self
        // Before the settings: where they change in between, they are looked at once too often, and not once too few.
        service.generation = self.settings.generation
        let found = self.settings.state
        service.configuration = found.configuration
        service.certificate = found.certificate
        service.logger.logLevel = service.configuration.logLevel
        return service
    }
}

extension GatewayService {
    /// A server's own: nothing counted yet, its event loops those that the process shares.
    init(
        backend: any CacheBackend,
        configuration: GatewayConfiguration,
        load: ServerLoad = ServerLoad(),
        logger: Logger
    ) {
        let metrics = GatewayMetrics()
        let outbound = OutboundBudget(limit: configuration.maximumUnsentBytes)
        self.init(
            backend: backend,
            configuration: configuration,
            load: load,
            state: ServerState(),
            metrics: metrics,
            eventLoops: EventLoopMonitor(group: Self.eventLoopGroup, metrics: metrics, outbound: outbound),
            outbound: outbound,
            logger: logger
        )
    }

    /// The event loops that connections are on.
    static var eventLoopGroup: MultiThreadedEventLoopGroup { .singleton }
}
