import BackendTestKit
import CacheProtocol
import FileBackendSupport
import Testing

@Suite("The SQLite backend keeps a backend's promises")
struct SQLitePromiseTests {
    private static var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.durability = .process
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = .native
        capabilities.digests = .native
        capabilities.timeToLive = .native
        capabilities.metadata = .native
        capabilities.copies = .native
        capabilities.eviction = .native
        capabilities.maximumStreamSize = 4 << 30
        return capabilities
    }

    @Test(
        "each promise",
        arguments: BackendCheck.all(for: capabilities, hooks: [.capacity, .clock, .faults])
    )
    func keeps(_ check: BackendCheck) async throws { try await check.run(FileBench.sqlite().fixture) }

    @Test("the capabilities that the tests choose by are the backend's own")
    func capabilitiesAgree() async throws {
        #expect(try await FileBench.sqlite().make().backend.capabilities == Self.capabilities)
    }
}
