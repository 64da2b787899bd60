import CacheProtocol
import ObjectStoreSupport
import TestSupport
import Testing

@testable import TieredBackend

@Suite("A bucket that is missing takes nothing from a gateway")
struct MissingBucketTests {
    @Test("a removal is refused while the bucket is missing, and the hot tier keeps its stream")
    func removal() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            try await backend.writeCopied("a", sample(1_000))
            bench.store.set(hasBucket: false)
            let error = await #expect(throws: CacheError.self) { try await backend.remove(StreamID("a")) }
            #expect(error?.code == .configuration)
            #expect(try await backend.store.hot.read("a") == sample(1_000))
            bench.store.set(hasBucket: true)
            try await eventually("it is known to be copied") {
                try backend.store.ledger.place(StreamID("a")) == .copied
            }
            #expect(try await backend.read("a") == sample(1_000))
        }
    }

    @Test("a gateway that starts without its bucket serves what it has, hangs in no copy, and copies later")
    func start() async throws {
        let bench = try await TierBench()
        bench.store.set(hasBucket: false)
        try await bench.withBackend { backend in
            for number in 0..<6 { try await backend.write("a\(number)", sample(10_000)) }
            try await eventually("it is noticed") { backend.store.cold.outage != nil }
            #expect(try await backend.read("a0") == sample(10_000))
            let unknown = await #expect(throws: CacheError.self) { try await backend.info(StreamID("b")) }
            #expect(unknown?.code == .configuration)
            // Who removes a stream waits for whoever copies it.
            let refused = await #expect(throws: CacheError.self) { try await backend.remove(StreamID("a1")) }
            #expect(refused?.code == .configuration)
            #expect(try await backend.store.hot.read("a1") == sample(10_000))
            bench.store.set(hasBucket: true)
            try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
        }
        #expect(bench.streamKeys.count == 6)
    }
}
