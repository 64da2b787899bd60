import BackendTestKit
import CacheProtocol
import ObjectStoreSupport
import S3Backend
import Synchronization
import TestSupport
import Testing

@testable import TieredBackend

/// The same promises, with the store that the environment names as cold tier.
@Suite(
    "The tiered backend keeps a backend's promises over a real store",
    .enabled(if: RealStore.named != nil, "OBJECT_STORE_URL names none; Scripts/object-store.sh starts one"),
    .serialized
)
struct RealStoreTests {
    private static var checks: [BackendCheck] {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = .native
        capabilities.digests = .native
        capabilities.metadata = .native
        return BackendCheck.all(for: capabilities).filter { !$0.promise.hasPrefix("thousands") }
    }

    private func cold(_ prefix: String, _ bench: TierBench) throws -> S3Backend {
        let store = try #require(RealStore.named)
        let endpoint = S3Endpoint(url: store.url, bucket: store.bucket, region: "us-east-1", usesPathStyle: true)
        var configuration = S3Configuration(endpoint: try #require(endpoint))
        configuration.prefix = prefix
        return S3Backend(
            configuration: configuration,
            credentials: S3Credentials(accessKeyID: store.accessKeyID, secretAccessKey: store.secretAccessKey),
            logger: bench.logger
        )
    }

    private func fixture() async throws -> BackendFixture {
        let bench = try await TierBench()
        let prefix = RealStore.freshPrefix
        var fixture = BackendFixture { try bench.backend(cold: self.cold(prefix, bench)) }
        fixture.reopen = { try bench.backend(cold: self.cold(prefix, bench)) }
        fixture.patience = .seconds(60)
        return fixture
    }

    @Test("each promise", arguments: checks)
    func keeps(_ check: BackendCheck) async throws { try await check.run(self.fixture()) }

    @Test("hundreds of random operations do what they would do to a dictionary")
    func model() async throws { try await ModelCheck(operations: 300).run(self.fixture()) }

    @Test("a stream is copied, evicted and read back, and another gateway has it")
    func journey() async throws {
        let bench = try await TierBench()
        let prefix = RealStore.freshPrefix
        let bytes = sample(20_000_000)
        try await bench.withBackend("one", cold: self.cold(prefix, bench)) { one in
            try await one.write("a", bytes, WriteOptions(contentType: "audio/flac", metadata: ["k": "ü"]))
            try await eventually("it is copied") { try one.store.ledger.place(StreamID("a")) == .copied }
            try await bench.withBackend("two", cold: self.cold(prefix, bench)) { two in
                #expect(try await two.read("a") == bytes)
                #expect(try await two.info(StreamID("a")).metadata == ["k": "ü"])
                try await two.remove(StreamID("a"))
            }
            bench.now.value.withLock { $0 += 60_000 }
            #expect(try await one.find("a") == nil)
        }
    }
}
