import BackendTestKit
import CacheProtocol
import Testing

@testable import S3Backend

// One after the other: each has a server and clients of its own, and all at once would starve each other.
@Suite("The S3 backend keeps a backend's promises", .serialized)
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

    /// The promises, without the thousands of random operations, of which there are fewer below: each is several requests.
    private static var checks: [BackendCheck] {
        BackendCheck.all(for: self.capabilities, hooks: [.clock]).filter { !$0.promise.hasPrefix("thousands") }
    }

    @Test("each promise", arguments: checks)
    func keeps(_ check: BackendCheck) async throws { try await check.run(S3Bench().fixture()) }

    @Test("each promise, with objects made of many small parts", arguments: checks)
    func keepsInParts(_ check: BackendCheck) async throws { try await check.run(S3Bench().fixture(partSize: 64 << 10)) }

    @Test("random operations do what they would do to a dictionary", arguments: [8 << 20, 64 << 10])
    func model(_ partSize: Int) async throws {
        try await ModelCheck(operations: 600).run(S3Bench().fixture(partSize: partSize))
    }

    @Test("the capabilities that the tests choose by are the backend's own")
    func capabilitiesAgree() async throws {
        #expect(try await S3Bench().backend().capabilities == Self.capabilities)
    }
}
