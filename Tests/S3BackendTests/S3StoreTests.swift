import BackendTestKit
import CacheProtocol
import Crypto
import NIOCore
import ObjectStoreSupport
import Synchronization
import TestSupport
import Testing

@testable import S3Backend

@Suite("How streams lie in a store")
struct S3StoreTests {
    private func bytes(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: 8)
        return random.bytes(count)
    }

    @Test("a small stream is one object by one request, whose metadata says everything")
    func smallObject() async throws {
        let bench = try await S3Bench()
        let bytes = self.bytes(1_000)
        let info = try await bench.withBackend { backend in
            bench.store.clearLog()
            let options = WriteOptions(contentType: "audio/wav", timeToLiveSeconds: 60, metadata: ["k": "v"])
            return try await backend.write("a", bytes, options)
        }
        #expect(bench.requests(of: "a") == ["HEAD", "PUT"])
        let headers = try #require(bench.store.object("audio/streams/a")).headers
        #expect(headers["content-type"] == "audio/wav")
        #expect(headers["x-amz-meta-sha256"] == info.sha256?.description)
        #expect(headers["x-amz-meta-size"] == "1000")
        #expect(headers["x-amz-meta-expires"] == "\((info.expiresAt?.millisecondsSinceEpoch ?? 0))")
        // Another process, with nothing but the store, knows the same.
        let again = try await bench.withBackend { try await $0.info(StreamID("a")) }
        #expect(again == info)
    }

    @Test("labels longer than metadata may be have an object of their own, which goes with the stream")
    func longLabels() async throws {
        let bench = try await S3Bench()
        var labels: [String: String] = [:]
        for number in 0..<16 { labels["key\(number)"] = String(repeating: "ü", count: 100) }
        let expected = labels
        try await bench.withBackend { backend in
            try await backend.write("a", [1], WriteOptions(metadata: expected))
            #expect(try await backend.info(StreamID("a")).metadata == expected)
            #expect(bench.store.keys.count == 2)
            try await backend.remove(StreamID("a"))
        }
        #expect(bench.store.keys.isEmpty)
    }

    @Test("a copy keeps the original's times, goes up in one request, and is what its digest says")
    func copies() async throws {
        let bench = try await S3Bench()
        let bytes = self.bytes(1_000_000)
        var original = StreamInfo(
            id: try StreamID("a"),
            state: .sealed,
            size: 1_000_000,
            createdAt: Timestamp(millisecondsSinceEpoch: 1_000)
        )
        original.sealedAt = Timestamp(millisecondsSinceEpoch: 2_000)
        original.sha256 = SHA256Value(bytes: SHA256.hash(data: bytes))
        original.contentType = "audio/flac"
        original.metadata = ["a": "b"]
        let expected = original
        try await bench.withBackend(partSize: 64 << 10) { backend in
            bench.store.clearLog()
            let info = try await backend.write("a", bytes, WriteOptions(copying: expected))
            #expect(bench.requests(of: "a") == ["HEAD", "PUT"])
            #expect(info.createdAt == expected.createdAt && info.sealedAt == expected.sealedAt)
            #expect(try await backend.info(expected.id) == info)
            #expect(try await backend.read("a") == bytes)
            // Longer ones go up in parts, with the right facts from the start: nothing is copied in the end.
            try await backend.remove(expected.id)
        }
        try await bench.withBackend(partSize: 64 << 10, { $0.streamedSize = 1 }) { backend in
            let info = try await backend.write("a", bytes, WriteOptions(copying: expected))
            #expect(try await backend.info(expected.id) == info)
            #expect(try await backend.read("a") == bytes)
        }
    }

    @Test("a copy that has other bytes than the original, or too few, does not come about", arguments: [false, true])
    func wrongCopies(_ isStreamed: Bool) async throws {
        let bench = try await S3Bench()
        let bytes = self.bytes(300_000)
        var original = StreamInfo(
            id: try StreamID("a"),
            state: .sealed,
            size: 300_000,
            createdAt: Timestamp(millisecondsSinceEpoch: 1_000)
        )
        original.sealedAt = original.createdAt
        original.sha256 = SHA256Value(bytes: SHA256.hash(data: bytes))
        let options = WriteOptions(copying: original)
        try await bench.withBackend(partSize: 64 << 10, { $0.streamedSize = isStreamed ? 1 << 30 : 1 }) { backend in
            await #expect(throws: CacheError.self) { try await backend.write("a", [UInt8](bytes.reversed()), options) }
            #expect(bench.store.keys.isEmpty)
            await #expect(throws: CacheError.self) { try await backend.write("a", Array(bytes.dropLast()), options) }
            #expect(bench.store.keys.isEmpty)
            var writer = try backend.makeWriter(for: StreamID("a"), options: options)
            _ = try await writer.opened().value()
            _ = try writer.append(ByteBuffer(bytes: bytes))
            try await writer.abort().value()
            #expect(bench.store.keys.isEmpty)
            try await backend.write("a", bytes, options)
        }
        #expect(bench.store.unfinishedUploads == 0)
    }

    @Test("an object longer than the store copies at once is sealed by parts")
    func longCopy() async throws {
        let bench = try await S3Bench()
        let bytes = self.bytes(500_000)
        try await bench.withBackend(partSize: 64 << 10, { $0.copySize = 100_000 }) { backend in
            let info = try await backend.write("a", bytes)
            #expect(bench.store.log.filter { $0 == "PUT audio/streams/a?partNumber" }.count == 8 + 5)
            #expect(try await backend.info(StreamID("a")) == info)
            #expect(try await backend.read("a") == bytes)
        }
        #expect(bench.store.unfinishedUploads == 0)
    }

    @Test("an upload that nobody completed is aborted when its time is over, and not before")
    func leftovers() async throws {
        let bench = try await S3Bench()
        let backend = try bench.backend(partSize: 64 << 10)
        let old = try await backend.store.client.createUpload("audio/streams/a", headers: [])
        _ = try await backend.store.client.createUpload("elsewhere/a", headers: [])
        #expect(!old.isEmpty)
        await backend.store.removeLeftovers()
        #expect(bench.store.unfinishedUploads == 2)
        bench.advance(by: 90_000)
        await backend.store.removeLeftovers()
        #expect(bench.store.unfinishedUploads == 1)
    }

    @Test("reading on fetches ahead, and looking into the middle does not")
    func readAhead() async throws {
        let bench = try await S3Bench()
        let bytes = self.bytes(4 << 20)
        try await bench.withBackend { backend in
            try await backend.write("a", bytes)
            bench.store.clearLog()
            #expect(try await backend.read("a") == bytes)
            // 64 KiB, then twice that, and so on up to 1 MiB: 4 MiB by 64 would be 64 requests.
            #expect(bench.store.log.count < 12)
            let reader = try backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            let middle = try await reader.read(at: 2_000_000, count: 1_000).value()
            #expect(Array(middle.readableBytesView) == Array(bytes[2_000_000..<2_001_000]))
        }
    }

    @Test("what is going up takes no more memory than two parts, however fast the writer is")
    func boundedMemory() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend(partSize: 64 << 10) { backend in
            bench.store.fail(.hang, count: 1) { $0.method == "POST" }
            var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions())
            _ = try await writer.opened().value()
            var count = 0
            while case .ready = try writer.append(ByteBuffer(repeating: 1, count: 10_000)) { count += 10_000 }
            #expect(count <= 128 << 10)
        }
    }

    @Test("objects of others beside the streams are left out of listings, and left alone")
    func foreignKeys() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("b", [1])
            try await backend.write("d", [1])
            let client = backend.store.client
            for key in ["audio/streams/a/x", "audio/streams/c c", "audio/other", "audio/streams/.hidden"] {
                try await client.put(key, Payload(), headers: [], isNew: false)
            }
            for limit in [1, 2, 10] {
                var names: [String] = []
                var cursor: StreamID?
                repeat {
                    let page = try await backend.streams(matching: StreamFilter(), after: cursor, limit: limit)
                    names += page.streams.map(\.id.rawValue)
                    cursor = page.next
                } while cursor != nil
                #expect(names == ["b", "d"])
            }
        }
        #expect(bench.store.keys.count == 6)
    }

    @Test(
        "a store is told from others by a name that it is given once, and has lost it when it was emptied",
        arguments: [true, false]
    )
    func identity(_ knowsConditions: Bool) async throws {
        let bench = try await S3Bench()
        bench.store.know(conditions: knowsConditions)
        try await bench.withBackend { backend in
            let name = try await backend.storeIdentity()
            #expect(!name.isEmpty)
            #expect(try await backend.storeIdentity() == name)
            #expect(try await bench.withBackend { try await $0.storeIdentity() } == name)
            // It is no stream.
            #expect(try await backend.streams(matching: StreamFilter(), after: nil, limit: 10).streams.isEmpty)
            for key in bench.store.keys { bench.store.change(key) { $0 = nil } }
            #expect(try await backend.storeIdentity() != name)
        }
    }

    @Test("the configuration is read strictly, and has the defaults that are documented")
    func configuration() throws {
        let values: [String: ConfigValue] = ["endpoint": .string("https://s3.example.org"), "bucket": .string("b")]
        var section = ConfigSection(values, file: "f")
        let configuration = try S3Configuration(from: &section)
        try section.finish()
        #expect(configuration.partSize == 8 << 20 && configuration.endpoint.usesPathStyle)
        let faults: [(String, ConfigValue)] = [
            ("endpoint", .string("s3.example.org")), ("bucket", .string("a/b")), ("prefix", .string("x")),
            ("prefix", .string("/")), ("region", .string("")), ("partBytes", .integer(1)), ("maxAttempts", .integer(0)),
        ]
        for (key, value) in faults {
            var section = ConfigSection(values.merging([key: value]) { $1 }, file: "f")
            let error = #expect(throws: ConfigError.self) { try S3Configuration(from: &section) }
            #expect(error?.keyPath == key)
        }
    }
}
