import CacheProtocol
import FileStorage
import Logging
import MmapBackend
import NIOCore
import Synchronization
import TestSupport

@testable import GatewayServer

/// A gateway of one test, over files in a temporary directory, on a free port.
struct TestGateway: Sendable {
    let server: GatewayServer
    let port: Int
    let directory: TemporaryDirectory
    private let peers: Peers

    private final class Peers: Sendable {
        private let list = Mutex<[RawPeer]>([])
        func add(_ peer: RawPeer) { self.list.withLock { $0.append(peer) } }
        func drop() async {
            for peer in self.list.withLock({ $0 }) { await peer.drop() }
        }
    }

    /// What a test may change.
    struct Setup {
        var gateway = GatewayConfiguration()
        var storage = FileStoreConfiguration()
        /// Puts something between the gateway and its backend.
        var wrap: (any CacheBackend) -> any CacheBackend = { $0 }
    }

    /// Runs a gateway for the time of a call. Peers that it made are dropped at the end.
    ///
    /// - Parameters:
    ///   - directory: Where streams are kept.
    ///   - configure: Changes the setup. Greetings are off and timeouts long unless it says otherwise: on a busy machine
    ///     a second passes quickly.
    ///   - body: Uses the gateway.
    static func run<Value: Sendable>(
        in directory: TemporaryDirectory? = nil,
        configure: (inout Setup) -> Void = { _ in },
        _ body: @Sendable (TestGateway) async throws -> Value
    ) async throws -> Value {
        try await Slots.run { try await Self.serve(in: directory, configure: configure, body) }
    }

    private static func serve<Value: Sendable>(
        in directory: TemporaryDirectory?,
        configure: (inout Setup) -> Void,
        _ body: @Sendable (TestGateway) async throws -> Value
    ) async throws -> Value {
        let directory = try directory ?? TemporaryDirectory()
        var setup = Setup()
        setup.gateway.port = 0
        setup.gateway.greeting = .off
        setup.gateway.headerTimeoutSeconds = 60
        setup.gateway.idleTimeoutSeconds = 600
        setup.gateway.backendType = MmapBackend.type
        setup.storage.directory = directory.file("cache")
        setup.storage.ioThreads = 1
        setup.storage.minimumFreeBytes = 0
        configure(&setup)
        let silent = Logger(label: "-") { _ in SwiftLogNoOpLogHandler() }
        let backend = try MmapBackend(
            configuration: setup.storage,
            processID: ProcessIdentity.current,
            logger: silent
        )
        let peers = Peers()
        return try await GatewayServer.withRunning(
            configuration: setup.gateway,
            backend: setup.wrap(backend),
            logger: silent
        ) { server, port in
            let result: Result<Value, any Error>
            do {
                let gateway = TestGateway(server: server, port: port, directory: directory, peers: peers)
                result = .success(try await body(gateway))
            } catch {
                result = .failure(error)
            }
            await peers.drop()
            return try result.get()
        }
    }

    /// A TCP connection.
    func connect(receiveBuffer: Int? = nil) async throws -> RawPeer {
        let peer = try await RawPeer.connect(port: self.port, receiveBuffer: receiveBuffer)
        self.peers.add(peer)
        return peer
    }

    /// A WebSocket.
    func peer(receiveBuffer: Int? = nil) async throws -> RawPeer {
        let peer = try await self.connect(receiveBuffer: receiveBuffer)
        try await peer.upgrade()
        return peer
    }

    /// Uploads a stream and seals it.
    func store(_ streamID: String, _ bytes: [UInt8]) async throws {
        let peer = try await self.peer()
        try await peer.start(streamID)
        peer.upload(bytes)
        try await peer.stop(streamID)
        await peer.drop()
    }

    /// The names of the files in the cache directory.
    var files: [String] { TemporaryDirectory.names(in: self.directory.file("cache")) }
}
