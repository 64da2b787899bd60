import BackendTestKit
import CacheProtocol
import Testing

@testable import S3Backend

@Suite("The S3 backend keeps a backend's promises")
struct S3PromiseTests {
    private static var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.durability = .tier
        capabilities.listing = .native
        capabilities.digests = .native
        capabilities.timeToLive = .emulated
        capabilities.metadata = .native
        capabilities.copies = .native
        capabilities.maximumStreamSize = (8 << 20) * 10_000
        return capabilities
    }

    @Test("each promise", arguments: BackendCheck.all(for: capabilities, hooks: [.clock]))
    func keeps(_ check: BackendCheck) async throws { try await check.run(S3Bench().fixture()) }

    @Test("each promise, with objects made of many small parts", arguments: BackendCheck.all(for: capabilities))
    func keepsInParts(_ check: BackendCheck) async throws { try await check.run(S3Bench().fixture(partSize: 64 << 10)) }

    @Test("the capabilities that the tests choose by are the backend's own")
    func capabilitiesAgree() async throws {
        #expect(try await S3Bench().backend().capabilities == Self.capabilities)
    }
}
