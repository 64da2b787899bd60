import CacheProtocol
import Crypto
import NIOCore
import ObjectStoreSupport
import TestSupport
import Testing

@testable import S3Backend

@Suite("A copy whose answer is lost is there with its labels, or not at all")
struct LostAnswerTests {
    private static let bytes: [UInt8] = {
        var random = SeededGenerator(seed: 9)
        return random.bytes(300_000)
    }()

    /// So many that they need an object of their own.
    private static let labels: [String: String] = {
        var labels: [String: String] = [:]
        for number in 0..<16 { labels["key\(number)"] = String(repeating: "ü", count: 100) }
        return labels
    }()

    /// A sealed stream, of which copies are made.
    private func original() throws -> StreamInfo {
        var original = StreamInfo(
            id: try StreamID("a"),
            state: .sealed,
            size: Int64(Self.bytes.count),
            createdAt: Timestamp(millisecondsSinceEpoch: 1_000)
        )
        original.sealedAt = original.createdAt
        original.sha256 = SHA256Value(bytes: SHA256.hash(data: Self.bytes))
        original.metadata = Self.labels
        return original
    }

    @Test("it is made once, however often its answer is lost", arguments: [64 << 10, 8 << 20])
    func lost(_ partSize: Int) async throws {
        let bench = try await S3Bench()
        let options = WriteOptions(copying: try self.original())
        try await bench.withBackend(partSize: partSize) { backend in
            bench.store.fail(.loseAnswer, count: 5) { $0.method == "PUT" && $0.key == "audio/streams/a" }
            let info = try await backend.write("a", Self.bytes, options)
            #expect(info.metadata == Self.labels)
            #expect(try await backend.info(info.id) == info)
            #expect(try await backend.read("a") == Self.bytes)
            #expect(bench.store.keys.count == 2)
        }
    }

    @Test("its labels stay where the store can't be asked whether it came about", arguments: [64 << 10, 8 << 20])
    func unasked(_ partSize: Int) async throws {
        let bench = try await S3Bench()
        let options = WriteOptions(copying: try self.original())
        try await bench.withBackend(partSize: partSize) { backend in
            var writer = try backend.makeWriter(for: StreamID("a"), options: options)
            _ = try await writer.opened().value()
            bench.store.fail(.loseAnswer, count: 5) { $0.method == "PUT" && $0.key == "audio/streams/a" }
            bench.store.fail(.answer(503, code: "SlowDown"), count: .max) { $0.method == "HEAD" }
            _ = try writer.append(ByteBuffer(bytes: Self.bytes))
            let end = writer.finish()
            let error = await #expect(throws: CacheError.self) { try await end.value() }
            #expect(error?.code == .io)
            bench.store.heal()
            #expect(try await backend.info(StreamID("a")).metadata == Self.labels)
        }
    }

    @Test("given up when the store has all of it, it leaves nothing")
    func givenUp() async throws {
        let bench = try await S3Bench()
        let options = WriteOptions(copying: try self.original())
        try await bench.withBackend(partSize: 64 << 10) { backend in
            var writer = try backend.makeWriter(for: StreamID("a"), options: options)
            _ = try await writer.opened().value()
            if case .pause(let readiness) = try writer.append(ByteBuffer(bytes: Self.bytes)) {
                try await readiness.value()
            }
            try await eventually("the store has it") { bench.store.keys.contains("audio/streams/a") }
            try await writer.abort().value()
            #expect(bench.store.keys.isEmpty)
        }
    }

    @Test("labels that no stream has go once whoever wrote them must be gone, and those of streams stay")
    func lostLabels() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3], WriteOptions(metadata: Self.labels))
            for key in ["audio/labels/a/before", "audio/labels/b/never", "audio/labels/strange"] {
                try await backend.store.client.put(key, Payload(), headers: [], isNew: false)
            }
            await backend.store.removeLostLabels()
            #expect(bench.store.keys.count == 5)
            bench.advance(by: 90_000)
            await backend.store.removeLostLabels()
            #expect(bench.store.keys.count == 3)
            #expect(bench.store.keys.contains("audio/labels/strange"))
            #expect(try await backend.info(StreamID("a")).metadata == Self.labels)
        }
    }
}
