import CacheProtocol
import Logging
import ServiceLifecycle

extension GatewayService {
    /// Whether the gateway is to be sent work now.
    func readiness() async -> Readiness { self.readiness(await self.backend.health()) }

    /// Whether the gateway is to be sent work, with a backend that is so.
    func readiness(_ health: BackendHealth) -> Readiness {
        var readiness = Readiness()
        readiness.isListening = self.state.isListening
        readiness.isDraining = self.state.isDraining
        readiness.recovery = health.recovery.map {
            $0.total > 0 ? "\(min($0.done, $0.total))/\($0.total)" : "\($0.done)"
        }
        readiness.problems = health.problems
        return readiness
    }
}

/// Looks every few moments whether the gateway is ready, and tells where that has changed.
struct ReadinessMonitor: Service {
    let service: GatewayService
    let onChange: @Sendable (Readiness) async -> Void

    func run() async throws { await cancelWhenGracefulShutdown { await self.watch() } }

    private func watch() async {
        var last: Readiness?
        while !Task.isCancelled {
            let now = await self.service.readiness()
            if now != last {
                self.log(now, after: last)
                await self.onChange(now)
                last = now
            }
            // While the start is under way the next step is near.
            let isStarting = now.recovery != nil || !now.isListening
            try? await Task.sleep(for: isStarting ? .milliseconds(100) : .seconds(2))
        }
    }

    private func log(_ now: Readiness, after last: Readiness?) {
        if now.isReady {
            if last?.isReady != true { self.service.logger.notice("ready") }
        } else if last?.reasons != now.reasons, now.recovery == nil || last?.recovery == nil {
            self.service.logger.notice(
                "not ready",
                metadata: [
                    "reasons": "\(now.reasons.joined(separator: ", "))",
                    "problems": "\(now.problems.joined(separator: " "))",
                ]
            )
        }
    }
}

/// Shows readiness to be over for a while before the server stops to accept, so that whoever sends it work can look
/// elsewhere first. The first of the server's parts to be told to stop.
struct DrainService: Service {
    let state: ServerState
    let delay: Duration

    func run() async throws {
        // Cancelled, there is nothing to wait for.
        guard (try? await gracefulShutdown()) != nil else { return }
        self.state.beganToDrain()
        try? await Task.sleep(for: self.delay)
        self.state.beganToEnd()
    }
}
