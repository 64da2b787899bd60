import BackendTestKit
import CacheProtocol
import FileBackendSupport
import Testing

@Suite("The mmap backend keeps a backend's promises")
struct MmapPromiseTests {
    private static var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.durability = .process
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = .emulated
        capabilities.digests = .native
        capabilities.timeToLive = .emulated
        capabilities.metadata = .native
        capabilities.copies = .native
        capabilities.eviction = .emulated
        capabilities.maximumStreamSize = 4 << 30
        return capabilities
    }

    @Test(
        "each promise",
        arguments: BackendCheck.all(for: capabilities, hooks: [.capacity, .clock, .faults])
    )
    func keeps(_ check: BackendCheck) async throws { try await check.run(FileBench.mmap().fixture) }

    @Test("the capabilities that the tests choose by are the backend's own")
    func capabilitiesAgree() async throws {
        #expect(try await FileBench.mmap().make().backend.capabilities == Self.capabilities)
    }
}
