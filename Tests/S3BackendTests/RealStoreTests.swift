import BackendTestKit
import CacheProtocol
import Logging
import NIOCore
import ObjectStoreSupport
import TestSupport
import Testing

@testable import S3Backend

/// The same promises, on the store that the environment names.
@Suite(
    "The S3 backend keeps a backend's promises on a real store",
    .enabled(if: RealStore.named != nil, "OBJECT_STORE_URL names none; Scripts/object-store.sh starts one"),
    .serialized
)
struct RealStoreTests {
    private static var checks: [BackendCheck] {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.listing = .native
        capabilities.digests = .native
        capabilities.metadata = .native
        // Thousands of random operations are for a store that answers faster; some hundred follow below.
        return BackendCheck.all(for: capabilities).filter { !$0.promise.hasPrefix("thousands") }
    }

    private func backend(_ prefix: String) throws -> S3Backend {
        let store = try #require(RealStore.named)
        let endpoint = S3Endpoint(url: store.url, bucket: store.bucket, region: "us-east-1", usesPathStyle: true)
        var configuration = S3Configuration(endpoint: try #require(endpoint))
        configuration.prefix = prefix
        configuration.partSize = 5 << 20
        return S3Backend(
            configuration: configuration,
            credentials: S3Credentials(accessKeyID: store.accessKeyID, secretAccessKey: store.secretAccessKey),
            logger: Logger(label: "s3") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func fixture() throws -> BackendFixture {
        let prefix = RealStore.freshPrefix
        let backend = try self.backend(prefix)
        var fixture = BackendFixture { try self.backend(prefix) }
        fixture.reopen = { try self.backend(prefix) }
        fixture.patience = .seconds(60)
        fixture.residue = {
            do {
                let keys = try await backend.store.client.list(prefix: prefix, after: nil, limit: 100).objects.map(
                    \.key
                )
                return keys + (try await backend.store.client.unfinishedUploads(prefix: prefix)).map(\.key)
            } catch {
                return ["\(error)"]
            }
        }
        return fixture
    }

    @Test("each promise", arguments: checks)
    func keeps(_ check: BackendCheck) async throws { try await check.run(self.fixture()) }

    @Test("hundreds of random operations do what they would do to a dictionary")
    func model() async throws { try await ModelCheck(operations: 300).run(self.fixture()) }

    @Test("a copy goes up in one request whose digest the store compares, and a wrong digest leaves nothing")
    func copies() async throws {
        let backend = try self.backend(RealStore.freshPrefix)
        var random = SeededGenerator(seed: 5)
        let bytes = random.bytes(12 << 20)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { do { try await backend.run() } catch is CancellationError {} }
            let info = try await backend.write("a", bytes)
            try await backend.remove(info.id)
            var copy = info
            copy.createdAt = Timestamp(millisecondsSinceEpoch: 1_000)
            copy.sealedAt = Timestamp(millisecondsSinceEpoch: 2_000)
            let made = try await backend.write("a", bytes, WriteOptions(copying: copy))
            #expect(made.sealedAt == copy.sealedAt)
            #expect(try await backend.info(info.id) == made)
            #expect(try await backend.read("a", by: 1 << 20) == bytes)
            try await backend.remove(info.id)
            await #expect(throws: CacheError.self) {
                try await backend.write("a", [UInt8](bytes.reversed()), WriteOptions(copying: copy))
            }
            let error = await #expect(throws: CacheError.self) { try await backend.info(info.id) }
            #expect(error?.code == .streamNotFound)
            group.cancelAll()
        }
    }
}
