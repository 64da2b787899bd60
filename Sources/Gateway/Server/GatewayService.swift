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
        self.init(
            backend: backend,
            configuration: configuration,
            load: load,
            state: ServerState(),
            metrics: metrics,
            eventLoops: EventLoopMonitor(group: Self.eventLoopGroup, metrics: metrics),
            logger: logger
        )
    }

    /// The event loops that connections are on.
    static var eventLoopGroup: MultiThreadedEventLoopGroup { .singleton }
}
