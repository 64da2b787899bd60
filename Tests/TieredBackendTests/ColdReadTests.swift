import CacheProtocol
import NIOCore
import ObjectStoreSupport
import S3Backend
import TestSupport
import Testing

@testable import TieredBackend

@Suite("What only the cold tier has is read by ranges, once for all, and fills the hot tier")
struct ColdReadTests {
    /// A store with one stream in it, that no gateway has locally.
    private func bench(_ bytes: [UInt8], _ name: String = "a") async throws -> TierBench {
        let bench = try await TierBench()
        try await bench.withBackend("origin") { backend in
            try await backend.writeCopied(name, bytes)
        }
        bench.store.clearLog()
        return bench
    }

    private func gets(_ bench: TierBench) -> Int { bench.store.log.count { $0.hasPrefix("GET streams/a") } }

    @Test("a stream is read from another gateway's hot tier through the store, and then it is here")
    func fills() async throws {
        let bytes = sample(1_000_000)
        let bench = try await self.bench(bytes)
        try await bench.withBackend { backend in
            #expect(try await backend.read("a") == bytes)
            try await eventually("it is here") { try backend.store.ledger.place(StreamID("a")) == .copied }
            try await eventually("nothing is being brought here") { backend.store.fills.count == 0 }
            let original = try await bench.cold().info(StreamID("a"))
            let info = try await backend.store.hot.info(StreamID("a"))
            #expect(info.state == .sealed && info.createdAt == original.createdAt && info.sealedAt == original.sealedAt)
            bench.store.clearLog()
            await bench.store.kill()
            #expect(try await backend.read("a") == bytes)
        }
    }

    @Test("the middle of a long stream comes without what is before it")
    func middle() async throws {
        let bytes = sample(8_000_000)
        let bench = try await self.bench(bytes)
        try await bench.withBackend { backend in
            let reader = try backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            // The filling can't go on beyond its first block.
            bench.store.fail(.hang, count: 1_000) { request in
                guard let range = request.headers["range"], request.method == "GET" else { return false }
                return !range.hasPrefix("bytes=602")
            }
            // In the block that begins at 6,029,312.
            let position = 6_033_776
            let piece = try await reader.read(at: Int64(position), count: 1_000).value()
            #expect(Array(piece.readableBytesView) == Array(bytes[position..<position + 1_000]))
        }
    }

    @Test("64 readers of one cold stream fetch it once")
    func singleFlight() async throws {
        let bytes = sample(2_000_000)
        let bench = try await self.bench(bytes)
        try await bench.withBackend { backend in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        let read = try await backend.read("a")
                        #expect(read == bytes)
                    }
                }
                try await group.waitForAll()
            }
            // 31 blocks, by read-ahead in fewer requests; 64 readers alone would need hundreds.
            #expect(self.gets(bench) <= 40, "\(self.gets(bench)) requests")
        }
    }

    @Test("a reader that goes away takes nothing from the others, and a filling that nobody needs ends without a trace")
    func departures() async throws {
        let bytes = sample(20_000_000)
        let bench = try await self.bench(bytes)
        try await bench.withBackend { backend in
            do {
                let reader = try backend.makeReader(for: StreamID("a"))
                _ = try await reader.opened().value()
                let piece = try await reader.read(at: 100, count: 1_000).value()
                #expect(Array(piece.readableBytesView) == Array(bytes[100..<1_100]))
            }
            try await eventually("nobody reads it") { backend.store.fills.count == 0 }
            let place = try backend.store.ledger.place(StreamID("a"))
            let isHere = try await backend.store.hot.find("a") != nil
            #expect(isHere == (place == .copied))
            #expect(try await backend.read("a") == bytes)
        }
    }

    @Test("a store that goes away in the middle of a read is io, and the read goes on when it is back")
    func interrupted() async throws {
        let bytes = sample(3_000_000)
        let bench = try await self.bench(bytes)
        try await bench.withBackend("one", { _, configuration in configuration.fills = false }) { backend in
            let reader = try backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            _ = try await reader.read(at: 0, count: 1_000).value()
            await bench.store.kill()
            let error = await #expect(throws: CacheError.self) {
                try await reader.read(at: 2_000_000, count: 10).value()
            }
            #expect(error?.code == .io)
            try await bench.store.start()
            let piece = try await reader.read(at: 2_000_000, count: 10).value()
            #expect(Array(piece.readableBytesView) == Array(bytes[2_000_000..<2_000_010]))
        }
    }

    @Test("damaged bytes in the cold tier are not kept in the hot one")
    func damaged() async throws {
        let bytes = sample(300_000)
        let bench = try await self.bench(bytes)
        bench.store.change("streams/a") { $0?.bytes.setInteger(UInt8(bytes[150_000] ^ 1), at: 150_000) }
        try await bench.withBackend { backend in
            _ = try await backend.read("a")
            try await eventually("the damage is counted") {
                await backend.health().gauges["tier_damaged_copies_total"] == 1
            }
            try await eventually("nothing is kept") { try await backend.store.hot.find("a") == nil }
        }
    }

    @Test("half a filling that a dead process left is not taken for a stream")
    func leftHalf() async throws {
        let bytes = sample(1_000_000)
        let bench = try await self.bench(bytes)
        do {
            // As kill -9 leaves it: a part in the hot tier, and the ledger's word that it is one.
            let backend = try bench.backend()
            let info = try await bench.cold().info(StreamID("a"))
            var writer = try backend.store.hot.makeWriter(for: info.id, options: WriteOptions(copying: info))
            _ = try await writer.opened().value()
            _ = try writer.append(ByteBuffer(bytes: bytes[..<100_000]))
            try backend.store.ledger.note(info.id, .filling, size: info.size, at: info.createdAt)
        }
        try await bench.withBackend { backend in
            try await eventually("it is gone") { try backend.store.ledger.place(StreamID("a")) != .filling }
            #expect(try await backend.read("a") == bytes)
            #expect(try await backend.info(StreamID("a")).size == 1_000_000)
        }
    }
}
