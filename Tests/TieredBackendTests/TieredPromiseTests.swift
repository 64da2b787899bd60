import BackendTestKit
import CacheProtocol
import FileStorage
import SQLiteBackend
import TestSupport
import Testing

@testable import TieredBackend

// One after the other: each has a store and clients of its own, and all at once would starve each other.
@Suite("The tiered backend keeps a backend's promises", .serialized)
struct TieredPromiseTests {
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
        capabilities.maximumStreamSize = (256 << 10) * 10_000
        return capabilities
    }

    /// The promises, without the thousands of random operations, of which there are fewer below: each is several requests.
    private static var checks: [BackendCheck] {
        BackendCheck.all(for: self.capabilities).filter { !$0.promise.hasPrefix("thousands") }
    }

    @Test("each promise, over sqlite", arguments: checks)
    func keeps(_ check: BackendCheck) async throws { try await check.run(TierBench().fixture(usesIndex: true)) }

    @Test("each promise, over mmap", arguments: checks)
    func keepsOverMmap(_ check: BackendCheck) async throws {
        try await check.run(TierBench().fixture(usesIndex: false))
    }

    @Test("random operations do what they would do to a dictionary", arguments: [true, false])
    func model(_ usesIndex: Bool) async throws {
        try await ModelCheck(operations: 600).run(TierBench().fixture(usesIndex: usesIndex))
    }

    @Test("the capabilities that the tests choose by are the backend's own")
    func capabilitiesAgree() async throws {
        #expect(try await TierBench().backend().capabilities == Self.capabilities)
    }

    @Test("a hot tier that could evict the only copy is refused, and so is a cold one that keeps no copies")
    func unfitTiers() async throws {
        let bench = try await TierBench()
        let error = #expect(throws: CacheError.self) {
            try bench.backend { files, _ in files.digest = .none }
        }
        #expect(error?.code == .configuration)
        let cold = try bench.backend("inner")
        let other = #expect(throws: CacheError.self) { try bench.backend(cold: cold) }
        #expect(other?.code == .configuration)
        var files = FileStoreConfiguration()
        files.directory = "\(bench.directory.path)/cold"
        files.minimumFreeBytes = 0
        let evicting = try SQLiteBackend(configuration: files, processID: 1, logger: bench.logger)
        let third = #expect(throws: CacheError.self) { try bench.backend("three", cold: evicting) }
        #expect(third?.message.contains("evict") == true)
    }
}
