import BackendTestKit
import CacheProtocol
import NIOCore
import ObjectStoreSupport
import TestSupport
import Testing

@testable import S3Backend

@Suite("A store that fails is told apart, asked again, or reported")
struct S3FaultTests {
    private func bytes(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: 7)
        return random.bytes(count)
    }

    @Test(
        "one failure of any request is made up for",
        arguments: [
            StoreFault.answer(503, code: "SlowDown"), .answer(500, code: "InternalError"), .reset, .loseAnswer,
        ],
        [64 << 10, 8 << 20]
    )
    func oneFailure(_ fault: StoreFault, _ partSize: Int) async throws {
        let bytes = self.bytes(200_000)
        let bench = try await S3Bench()
        let count = try await bench.withBackend(partSize: partSize) { backend in
            try await backend.write("a", bytes)
            _ = try await backend.read("a")
            return bench.store.log.count
        }
        for number in 0..<count {
            let bench = try await S3Bench()
            try await bench.withBackend(partSize: partSize) { backend in
                bench.store.fail(fault) { [weak store = bench.store] _ in store?.log.count == number + 1 }
                let info = try await backend.write("a", bytes)
                #expect(info.size == 200_000, "request \(number)")
                #expect(try await backend.read("a") == bytes, "request \(number)")
                #expect(try await backend.info(StreamID("a")).state == .sealed, "request \(number)")
            }
            let leftovers = bench.store.unfinishedUploads
            // An upload whose beginning was answered into the void is nobody's: upkeep aborts it.
            #expect(leftovers <= 1, "request \(number)")
        }
    }

    @Test("an answer that is cut short is asked for again, and never read as the whole")
    func truncated() async throws {
        let bytes = self.bytes(300_000)
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", bytes)
            bench.store.fail(.truncate, count: 2) { $0.method == "GET" && $0.key == "audio/streams/a" }
            #expect(try await backend.read("a") == bytes)
        }
    }

    @Test("a store that stays away is io, names the store and the stream, and is a problem until it is back")
    func outage() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3])
            await bench.store.kill()
            let error = await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(error?.code == .io && error?.streamID?.rawValue == "a")
            #expect(error?.message.contains(bench.store.url) == true)
            #expect(await backend.health().problems.count == 1)
            try await bench.store.start()
            #expect(try await backend.info(StreamID("a")).size == 3)
            #expect(await backend.health().problems.isEmpty)
        }
    }

    @Test("a request that nobody answers ends in time")
    func silence() async throws {
        let bench = try await S3Bench()
        let change: @Sendable (inout S3Configuration) -> Void = { configuration in
            configuration.requestTimeoutMilliseconds = 2_000
            // The store is a task among those of all tests, and may need longer than that now and then.
            configuration.retries.maximumAttempts = 5
        }
        try await bench.withBackend(change) { backend in
            try await backend.write("a", [1, 2, 3])
            bench.store.fail(.hang, count: 1) { $0.method == "HEAD" }
            #expect(try await backend.info(StreamID("a")).size == 3)
            bench.store.fail(.hang, count: 100) { $0.method == "HEAD" }
            let error = await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(error?.code == .io)
        }
    }

    @Test("a request that whoever asked has given up says nothing of the store")
    func givenUp() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3])
            bench.store.fail(.hang) { $0.method == "HEAD" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await backend.info(StreamID("a")) }
                try await eventually("it is asked for") { bench.requests(of: "a") == ["HEAD", "PUT", "HEAD"] }
                group.cancelAll()
            }
            let health = await backend.health()
            #expect(health.problems.isEmpty && health.gauges["store_failures_total"] == 0)
            #expect(try await backend.info(StreamID("a")).size == 3)
        }
    }

    @Test("wrong credentials and a missing bucket end the backend, with the remedy and without the secret")
    func misconfigured() async throws {
        let bench = try await S3Bench()
        let wrong = S3Credentials(accessKeyID: ObjectStoreDouble.accessKeyID, secretAccessKey: "not-the-secret")
        let refused = try bench.backend(credentials: wrong)
        let error = await #expect(throws: CacheError.self) { try await refused.run() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("SignatureDoesNotMatch") == true)
        #expect(error?.message.contains("Check the access key") == true)
        #expect("\(error as Any)".contains("not-the-secret") == false)

        bench.store.set(hasBucket: false)
        let homeless = try bench.backend()
        let missing = await #expect(throws: CacheError.self) { try await homeless.run() }
        #expect(missing?.code == .configuration)
        #expect(missing?.message.contains("Make the bucket 'streams'") == true)
    }

    @Test("a full store is storage_full, and what was there stays readable")
    func full() async throws {
        let bytes = self.bytes(400_000)
        let bench = try await S3Bench()
        try await bench.withBackend(partSize: 64 << 10) { backend in
            try await backend.write("a", bytes)
            bench.store.fail(.answer(507, code: "InsufficientStorage"), count: 1_000) { $0.method == "PUT" }
            let error = await #expect(throws: CacheError.self) { try await backend.write("b", bytes) }
            #expect(error?.code == .storageFull)
            #expect(try await backend.read("a") == bytes)
            bench.store.heal()
            try await backend.write("c", bytes)
            try await eventually("what was left is cleared away") { backend.store.names.uploadCount == 0 }
        }
        #expect(bench.store.unfinishedUploads == 0)
    }

    @Test("when the two clocks are far apart, requests are signed by the store's")
    func clockSkew() async throws {
        let bench = try await S3Bench()
        bench.store.set(clockAhead: 7_200)
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3])
            bench.store.clearLog()
            #expect(try await backend.read("a") == [1, 2, 3])
            // Learnt once, right from then on.
            #expect(bench.requests(of: "a") == ["HEAD", "GET"])
        }
    }

    @Test("a store without conditional writes is written to all the same")
    func noConditions() async throws {
        let bytes = self.bytes(200_000)
        let bench = try await S3Bench()
        bench.store.know(conditions: false)
        for partSize in [64 << 10, 8 << 20] {
            try await bench.withBackend(partSize: partSize) { backend in
                try await backend.write("a\(partSize)", bytes)
                #expect(try await backend.read("a\(partSize)") == bytes)
            }
        }
    }

    /// Found with OpenStack Swift: what it passed over was taken for known, and every copy of one request refused.
    @Test("a store that passes over conditions where an upload is completed gets copies that go up in one request")
    func conditionsPassedOver() async throws {
        let bytes = self.bytes(200_000)
        let bench = try await S3Bench()
        bench.store.know(conditions: false)
        try await bench.withBackend(partSize: 64 << 10) { backend in
            let info = try await backend.write("a", bytes)
            try await backend.remove(info.id)
            let copy = try await backend.write("a", bytes, WriteOptions(copying: info))
            #expect(copy.sha256 == info.sha256)
            #expect(try await backend.read("a") == bytes)
        }
        #expect(bench.store.keys == ["audio/streams/a"])
    }

    @Test("the first copy of one request that a process makes does not replace what another gateway has made meanwhile")
    func firstCopy() async throws {
        let (first, second) = (self.bytes(200_000), self.bytes(1_000))
        let bench = try await S3Bench()
        try await bench.withBackend(partSize: 64 << 10) { one in
            try await bench.withBackend { other in
                let original = try await other.write("a", first)
                try await other.remove(original.id)
                let options = WriteOptions(copying: original)
                var writer = try one.makeWriter(for: original.id, options: options)
                _ = try await writer.opened().value()
                try await other.write("a", second)
                _ = try writer.append(ByteBuffer(bytes: first))
                let end = writer.finish()
                let error = await #expect(throws: CacheError.self) { try await end.value() }
                #expect(error?.code == .streamExists)
                #expect(try await one.read("a") == second)
            }
            // What that took is done once.
            for name in ["b", "c"] {
                let original = try await one.write(name, first)
                try await one.remove(original.id)
                try await one.write(name, first, WriteOptions(copying: original))
            }
            #expect(bench.store.log.count { $0 == "PUT audio/streams/.conditions" } == 1)
        }
        #expect(bench.store.keys == ["audio/streams/a", "audio/streams/b", "audio/streams/c"])
    }

    @Test("of two gateways that make one stream, the one that comes second is told, and the first one's stream stays")
    func twoGateways() async throws {
        for partSize in [64 << 10, 8 << 20] {
            let (first, second) = (self.bytes(100_000), self.bytes(200_000))
            let bench = try await S3Bench()
            try await bench.withBackend(partSize: partSize) { one in
                try await bench.withBackend(partSize: partSize) { other in
                    var writer = try one.makeWriter(for: StreamID("a"), options: WriteOptions())
                    _ = try await writer.opened().value()
                    try await other.write("a", second)
                    _ = try writer.append(ByteBuffer(bytes: first))
                    let end = writer.finish()
                    let error = await #expect(throws: CacheError.self) { try await end.value() }
                    #expect(error?.code == .streamExists)
                    #expect(try await one.read("a") == second)
                }
            }
            #expect(bench.store.unfinishedUploads == 0)
        }
    }

    @Test("a stream whose object was cut short is an error, and not a shorter stream")
    func resized() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", self.bytes(1_000))
            bench.store.change("audio/streams/a") { $0?.bytes = ByteBuffer(bytes: [1, 2, 3]) }
            let error = await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(error?.code == .io)
            #expect(error?.message.contains("1000 were sealed") == true)
            // The others are none the worse for it.
            try await backend.write("b", [1])
            let page = try await backend.streams(matching: StreamFilter(), after: nil, limit: 10)
            #expect(page.streams.map(\.id.rawValue) == ["a", "b"])
            #expect(page.streams.map(\.size) == [3, 1])
            try await backend.remove(StreamID("a"))
        }
    }
}
