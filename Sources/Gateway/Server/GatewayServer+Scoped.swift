public import CacheProtocol
public import Logging
import ServiceLifecycle

extension GatewayServer {
    /// Serves for the time of a call: for programs that embed a gateway, and for tests.
    ///
    /// When the call returns or throws, the server shuts down in order, and the backend after it.
    ///
    /// - Parameters:
    ///   - configuration: How the server listens, logs and guards itself; port 0 for any free one.
    ///   - backend: Where streams are kept.
    ///   - logger: Where to log.
    ///   - body: Uses the server, which listens on the port that it is told.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or why the server could not serve.
    public static func withServer<Value: Sendable>(
        configuration: GatewayConfiguration,
        backend: any CacheBackend,
        logger: Logger,
        _ body: @Sendable (_ port: Int) async throws -> Value
    ) async throws -> Value {
        try await self.withRunning(configuration: configuration, backend: backend, logger: logger) { _, port in
            try await body(port)
        }
    }

    /// The same, for those who want the server itself, too.
    static func withRunning<Value: Sendable>(
        configuration: GatewayConfiguration,
        backend: any CacheBackend,
        logger: Logger,
        _ body: @Sendable (_ server: GatewayServer, _ port: Int) async throws -> Value
    ) async throws -> Value {
        let (listening, announce) = AsyncStream<Int>.makeStream()
        let server = GatewayServer(configuration: configuration, backend: backend, logger: logger) { port in
            announce.yield(port)
        }
        let services = ServiceGroup(
            configuration: .init(services: [server], logger: Logger(label: "-") { _ in SwiftLogNoOpLogHandler() })
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { announce.finish() }
                try await services.run()
            }
            for await port in listening {
                let result: Result<Value, any Error>
                do {
                    result = .success(try await body(server, port))
                } catch {
                    result = .failure(error)
                }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
                return try result.get()
            }
            try await group.waitForAll()
            throw CacheError(.shuttingDown, "The server ended before it listened.")
        }
    }
}
