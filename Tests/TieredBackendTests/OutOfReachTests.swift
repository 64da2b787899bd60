import CacheProtocol
import FileBackendSupport
import FileStorage
import MmapBackend
import NIOCore
import ObjectStoreSupport
import TestSupport
import Testing

@testable import TieredBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("What concerns one stream, or takes long, does not put the cold tier out of reach")
struct OutOfReachTests {
    /// A store with streams in it, that no gateway has locally.
    private func bench(_ names: [String]) async throws -> TierBench {
        let bench = try await TierBench()
        try await bench.withBackend("origin") { backend in
            for name in names { try await backend.writeCopied(name, sample(1_000)) }
        }
        return bench
    }

    @Test("a stream that is damaged in the store fails, and the others are served")
    func damaged() async throws {
        let bench = try await self.bench(["a", "b"])
        bench.store.change("streams/a") { $0?.bytes = ByteBuffer(bytes: [1, 2, 3]) }
        // Once it is found away, nobody waits for it.
        try await bench.withBackend("two", { $1.pauseMilliseconds = 600_000 }) { backend in
            let error = await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(error?.code == .io)
            #expect(backend.store.cold.outage == nil)
            #expect(backend.store.cold.failures == 1)
            let others = try await backend.read("b")
            #expect(others == sample(1_000))
        }
    }

    @Test(
        "a stream that the store can't give, or keeps from everybody, fails, and the others are served",
        arguments: [500, 403]
    )
    func refused(_ status: Int) async throws {
        let bench = try await self.bench(["a", "b"])
        bench.store.fail(.answer(status, code: status == 500 ? "InternalError" : "AccessDenied"), count: .max) {
            $0.key == "streams/a"
        }
        try await bench.withBackend("two", { $1.pauseMilliseconds = 600_000 }) { backend in
            await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(backend.store.cold.outage == nil)
            let others = try await backend.read("b")
            #expect(others == sample(1_000))
        }
    }

    @Test("a cold tier that can't tell itself apart from a stream of it is away where that can't be read")
    func another() async throws {
        let bench = try await TierBench()
        let calls = FaultyFileCalls()
        var files = FileStoreConfiguration()
        files.directory = bench.directory.file("cold")
        files.minimumFreeBytes = 0
        files.evicts = false
        let cold = try MmapBackend(configuration: files, processID: 2, calls: calls, logger: bench.logger)
        try await bench.withBackend("two", cold: cold, { $1.pauseMilliseconds = 600_000 }) { backend in
            calls.inject(.init(calls: [.open], number: EIO))
            await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(backend.store.cold.outage?.failure.code == .io)
            calls.inject(nil)
        }
    }

    @Test("an answer that took too long for an upload is waited for by who needs one")
    func slow() async throws {
        let bench = try await self.bench(["b"])
        let change: @Sendable (inout TieredConfiguration) -> Void = { configuration in
            configuration.pauseMilliseconds = 600_000
            configuration.checkMilliseconds = 50
        }
        try await bench.withBackend("two", { change(&$1) }) { backend in
            bench.store.fail(.hang) { $0.method == "HEAD" && $0.key == "streams/a" }
            try await backend.write("a", sample(1_000))
            #expect(backend.store.cold.outage == nil)
            #expect(backend.store.cold.failures == 1)
            #expect(try await backend.read("b") == sample(1_000))
            #expect(await backend.store.cold.backend.health().problems.isEmpty)
            try await eventually("it is copied") { try backend.store.ledger.place(StreamID("a")) == .copied }
        }
    }
}
