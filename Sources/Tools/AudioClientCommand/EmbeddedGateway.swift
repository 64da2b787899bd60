import AudioClient
import FileStorage
import GatewayServer
import MmapBackend

/// A gateway inside this process, for somebody who wants to try the client and has none running.
enum EmbeddedGateway {
    /// Starts a gateway on a free port of this machine, over a temporary directory, for the time of a call.
    ///
    /// - Parameter body: Uses it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or why the gateway can't be started.
    static func run<Value: Sendable>(
        _ body: @Sendable (ServerURL) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            var storage = FileStoreConfiguration()
            storage.directory = "\(directory.path)/cache"
            let backend = try MmapBackend(
                configuration: storage,
                processID: ProcessIdentity.current,
                logger: ClientLog.silent
            )
            var configuration = GatewayConfiguration()
            configuration.port = 0
            configuration.backendType = MmapBackend.type
            let origin = (host: configuration.host, path: configuration.path)
            return try await GatewayServer.withServer(
                configuration: configuration,
                backend: backend,
                logger: ClientLog.silent
            ) { port in
                try await body(ServerURL("ws://\(origin.host):\(port)\(origin.path)"))
            }
        }
    }
}
