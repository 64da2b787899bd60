import CacheInspect
import CacheProtocol
import FileStorage
import Foundation
import Logging
import NIOCore
import ObjectStoreSupport
import S3Backend
import SQLiteBackend
import TestSupport
import Testing
import TieredBackend

/// An object store in this process, and a gateway's configuration with it as cold tier.
struct ColdBench: Sendable {
    let store: ObjectStoreDouble
    let directory: TemporaryDirectory

    init() async throws {
        self.store = try await ObjectStoreDouble()
        self.directory = try TemporaryDirectory()
    }

    /// What a gateway has in its environment.
    static let environment = [
        "AWS_ACCESS_KEY_ID": ObjectStoreDouble.accessKeyID, "AWS_SECRET_ACCESS_KEY": ObjectStoreDouble.secretAccessKey,
    ]

    private var logger: Logger { Logger(label: "-") { _ in SwiftLogNoOpLogHandler() } }

    /// Writes the gateway's configuration.
    ///
    /// - Parameter bucket: The store's bucket.
    /// - Returns: The file's path.
    func config(bucket: String = ObjectStoreDouble.bucket) throws -> String {
        let path = self.directory.file("tiered.json")
        let text = """
            {"backend": {"type": "tiered", "ledger": "\(self.directory.file("ledger"))",
             "hot": {"type": "sqlite", "directory": "\(self.directory.file("hot"))"},
             "cold": {"type": "s3", "endpoint": "\(self.store.url)", "bucket": "\(bucket)", "maxAttempts": 1,
                      "requestTimeoutMs": 120000}}}
            """
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    func tiers() throws -> TierLocation { try #require(try TierLocation(config: self.config())) }

    func cold() throws -> ColdStore { try ColdStore(self.tiers(), environment: Self.environment) }

    private func s3() throws -> S3Backend {
        let endpoint = S3Endpoint(
            url: self.store.url,
            bucket: ObjectStoreDouble.bucket,
            region: "us-east-1",
            usesPathStyle: true
        )
        return S3Backend(
            configuration: S3Configuration(endpoint: try #require(endpoint)),
            credentials: S3Credentials(
                accessKeyID: ObjectStoreDouble.accessKeyID,
                secretAccessKey: ObjectStoreDouble.secretAccessKey
            ),
            logger: self.logger
        )
    }

    /// Puts streams into the store, as a gateway does.
    func fill(_ streams: [String: [UInt8]]) async throws {
        try await Self.running(try self.s3()) { backend in
            for (name, bytes) in streams { try await Self.write(name, bytes, to: backend) }
        }
    }

    /// Runs a gateway's backend for as long as `body` takes.
    func withGateway(_ body: @escaping @Sendable (TieredBackend) async throws -> Void) async throws {
        var files = FileStoreConfiguration()
        files.directory = self.directory.file("hot")
        files.minimumFreeBytes = 0
        var configuration = TieredConfiguration()
        configuration.ledger = self.directory.file("ledger")
        let backend = try TieredBackend(
            hot: SQLiteBackend(configuration: files, processID: 1, logger: self.logger),
            cold: self.s3(),
            configuration: configuration,
            logger: self.logger
        )
        try await Self.running(backend, body)
    }

    private static func running<Backend: CacheBackend>(
        _ backend: Backend,
        _ body: @escaping @Sendable (Backend) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { do { try await backend.run() } catch is CancellationError {} }
            defer { group.cancelAll() }
            try await body(backend)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Writes a stream and seals it.
    static func write(_ name: String, _ bytes: [UInt8], to backend: some CacheBackend) async throws {
        var writer = try backend.makeWriter(for: StreamID(name), options: WriteOptions())
        _ = try await writer.opened().value()
        for start in stride(from: 0, to: bytes.count, by: 100_000) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + 100_000, bytes.count)])
            if case .pause(let readiness) = try writer.append(piece) { try await readiness.value() }
        }
        _ = try await writer.finish().value()
    }

    /// Turns one bit of an object round, behind everybody's back.
    func flipBit(of name: String, at offset: Int) {
        self.store.change("streams/\(name)") { object in
            guard let byte = object?.bytes.getInteger(at: offset, as: UInt8.self) else { return }
            object?.bytes.setInteger(byte ^ 1, at: offset)
        }
    }
}
