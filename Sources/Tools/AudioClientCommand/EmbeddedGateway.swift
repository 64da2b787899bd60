import AudioClient
import FileStorage
import GatewayServer
import MmapBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A gateway inside this process, for somebody who wants to try the client and has none running.
enum EmbeddedGateway {
    /// Starts a gateway on a free port of this machine, over a temporary directory, for the time of a call.
    ///
    /// - Parameter body: Uses it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or ``ClientError`` where the gateway can't be started.
    static func run<Value: Sendable>(
        _ body: @Sendable (ServerURL) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            var storage = FileStoreConfiguration()
            storage.directory = "\(directory.path)/cache"
            let backend = try MmapBackend(configuration: storage, processID: getpid(), logger: ClientLog.silent)
            var configuration = GatewayConfiguration()
            configuration.port = 0
            let (ports, listening) = AsyncStream<Int>.makeStream()
            let server = GatewayServer(configuration: configuration, backend: backend, logger: ClientLog.silent) {
                port in
                listening.yield(port)
            }
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { listening.finish() }
                    try await server.run()
                }
                for await port in ports {
                    let value = try await body(ServerURL("ws://\(configuration.host):\(port)\(path)"))
                    group.cancelAll()
                    return value
                }
                // The server ended without listening: its own error says why.
                try await group.waitForAll()
                throw ClientError(
                    .unavailable,
                    "The gateway inside this process did not start.",
                    remedy: "Start the gateway, or give the URL of one that runs with --server."
                )
            }
        }
    }
}
