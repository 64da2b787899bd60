import GatewayServer
import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells a service manager, where there is one, how the gateway is: when it is ready, that it is alive, that it stops.
final class ServiceManager: Sendable {
    private let socket: NotifySocket
    private let report = Mutex(ServiceReport())
    private let watchdogPause: Duration?

    /// The manager that the environment names; `nil` where it names none.
    init?(socket: NotifySocket? = NotifySocket()) {
        guard let socket else { return nil }
        self.socket = socket
        self.watchdogPause = ServiceReport.watchdogPause(
            microseconds: getenv("WATCHDOG_USEC").map { String(cString: $0) },
            watched: getenv("WATCHDOG_PID").map { String(cString: $0) },
            process: getpid()
        )
    }

    /// The gateway is so now.
    func changed(_ readiness: Readiness) { self.send(self.report.withLock { $0.lines(readiness) }) }

    private func send(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        self.socket.send(lines)
    }

    /// Says that the gateway lives, as often as wanted, for as long as that is so; and at the end, that it stops.
    struct Watch: Service {
        let manager: ServiceManager
        let server: GatewayServer

        func run() async throws {
            await cancelWhenGracefulShutdown { await self.watch() }
            self.manager.send(self.manager.report.withLock { $0.stopping() })
        }

        private func watch() async {
            let pause = self.manager.watchdogPause
            while !Task.isCancelled {
                if pause != nil, self.server.isAlive { self.manager.send(["WATCHDOG=1"]) }
                try? await Task.sleep(for: pause ?? .seconds(3_600))
            }
        }
    }
}
