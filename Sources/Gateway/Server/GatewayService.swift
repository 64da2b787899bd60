import CacheProtocol
import Logging
import NIOPosix

/// What every connection works with.
struct GatewayService: Sendable {
    let backend: any CacheBackend
    let configuration: GatewayConfiguration
    let load: ServerLoad
    let state: ServerState
    let metrics: GatewayMetrics
    let eventLoops: EventLoopMonitor
    let logger: Logger

    /// Nothing has been counted, and nobody is connected yet.
    ///
    /// - Parameters:
    ///   - backend: Where streams are kept.
    ///   - configuration: How connections are guarded.
    ///   - logger: Where to log.
    ///   - eventLoopGroup: The event loops that connections live on.
    init(
        backend: any CacheBackend,
        configuration: GatewayConfiguration,
        logger: Logger,
        eventLoopGroup: MultiThreadedEventLoopGroup
    ) {
        self.backend = backend
        self.configuration = configuration
        self.load = ServerLoad()
        self.state = ServerState()
        self.metrics = GatewayMetrics()
        self.eventLoops = EventLoopMonitor(group: eventLoopGroup, metrics: self.metrics)
        self.logger = logger
    }
}
