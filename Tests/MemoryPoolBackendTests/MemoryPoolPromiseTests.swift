import BackendTestKit
import CacheProtocol
import Synchronization
import Testing

@testable import MemoryPoolBackend

@Suite("The memory pool keeps a backend's promises")
struct MemoryPoolPromiseTests {
    private static func capabilities(_ digest: MemoryPoolConfiguration.Digest) -> Capabilities {
        var capabilities = Capabilities()
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = .native
        capabilities.digests = digest == .none ? .none : .native
        capabilities.timeToLive = .native
        capabilities.metadata = .native
        capabilities.eviction = .native
        capabilities.maximumStreamSize = 64 << 20
        return capabilities
    }

    /// Wall and monotonic time that only a test moves.
    private final class TestClock: Sendable {
        private let milliseconds = Atomic<Int64>(1_700_000_000_000)

        var clock: MemoryClock {
            MemoryClock(
                wall: { Timestamp(millisecondsSinceEpoch: self.milliseconds.add(1, ordering: .relaxed).newValue) },
                monotonic: { self.milliseconds.load(ordering: .relaxed) }
            )
        }

        func advance(_ seconds: Int64) { self.milliseconds.add(seconds * 1_000, ordering: .relaxed) }
    }

    private static func fixture(
        _ digest: MemoryPoolConfiguration.Digest = .sha256,
        pageSize: Int = 64 << 10
    ) -> BackendFixture {
        let clock = TestClock()
        let made = Mutex<MemoryPoolBackend?>(nil)
        let make = { @Sendable (capacity: Int64) throws -> any CacheBackend in
            var configuration = MemoryPoolConfiguration()
            configuration.capacity = capacity
            configuration.pageSize = pageSize
            configuration.digest = digest
            configuration.preTouch = false
            let backend = try MemoryPoolBackend(configuration: configuration, clock: clock.clock)
            made.withLock { $0 = backend }
            return backend
        }
        var fixture = BackendFixture { try make(64 << 20) }
        fixture.makeSmall = { try make($0) }
        fixture.advance = { seconds in
            clock.advance(seconds)
            if let store = made.withLock({ $0 })?.store { _ = store.upkeep(now: clock.clock.monotonic()) }
        }
        fixture.residue = {
            let gauges = await made.withLock { $0 }?.health().gauges ?? [:]
            return ["used_bytes", "streams"].compactMap { name in
                let value = gauges[name] ?? 0
                return value == 0 ? nil : "\(name) is \(value)"
            }
        }
        return fixture
    }

    @Test(
        "with pages of 64 KiB and digests",
        arguments: BackendCheck.all(for: capabilities(.sha256), hooks: [.capacity, .clock])
    )
    func keeps(_ check: BackendCheck) async throws { try await check.run(Self.fixture()) }

    @Test(
        "with the smallest pages and without digests",
        arguments: BackendCheck.all(for: capabilities(.none), hooks: [.capacity, .clock])
    )
    func keepsOnSmallPages(_ check: BackendCheck) async throws {
        try await check.run(Self.fixture(.none, pageSize: 4 << 10))
    }

    @Test(
        "with the largest pages",
        arguments: BackendCheck.all(for: capabilities(.sha256), hooks: [.capacity, .clock])
    )
    func keepsOnLargePages(_ check: BackendCheck) async throws {
        try await check.run(Self.fixture(pageSize: 1 << 20))
    }

    @Test("the capabilities that the tests choose by are the backend's own")
    func capabilitiesAgree() async throws {
        for digest in MemoryPoolConfiguration.Digest.allCases {
            #expect(try await Self.fixture(digest).make().capabilities == Self.capabilities(digest))
        }
    }
}
