import CacheProtocol
import Logging

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
