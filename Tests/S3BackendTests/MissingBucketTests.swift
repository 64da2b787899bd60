import CacheProtocol
import ObjectStoreSupport
import Synchronization
import TestSupport
import Testing

@testable import S3Backend

@Suite("A bucket that is missing is told from streams that are")
struct MissingBucketTests {
    /// How often the bucket itself was asked for.
    private func bucketRequests(_ bench: S3Bench) -> Int { bench.store.log.count { $0 == "GET ?list-type" } }

    @Test("a stream whose bucket is missing is not said to be missing, and is there when the bucket is back")
    func reads() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3])
            bench.store.set(hasBucket: false)
            // Longer than what was seen before counts.
            bench.seconds.value.withLock { $0 += 10 }
            let unknown = await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(unknown?.code == .configuration)
            #expect(unknown?.message.contains("Make the bucket 'streams'") == true)
            let unread = await #expect(throws: CacheError.self) { try await backend.read("a") }
            #expect(unread?.code == .configuration)
            #expect(await backend.health().problems.first?.hasPrefix("bucket_missing") == true)
            bench.store.set(hasBucket: true)
            #expect(try await backend.read("a") == [1, 2, 3])
            #expect(await backend.health().problems.isEmpty)
        }
    }

    @Test("a removal says that the bucket is missing, and not the stream, however lately the bucket was seen")
    func removal() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3])
            bench.store.set(hasBucket: false)
            let error = await #expect(throws: CacheError.self) { try await backend.remove(StreamID("a")) }
            #expect(error?.code == .configuration)
            bench.store.set(hasBucket: true)
            try await backend.remove(StreamID("a"))
            let missing = await #expect(throws: CacheError.self) { try await backend.remove(StreamID("a")) }
            #expect(missing?.code == .streamNotFound)
        }
    }

    @Test("of many who look for streams that are missing, one asks for the bucket every few seconds")
    func cheap() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            // Its upkeep asks the bucket, too, after its beginning.
            try await eventually("the backend has begun") {
                self.bucketRequests(bench) > 0 && bench.store.log.contains { $0.contains("?uploads") }
            }
            bench.seconds.value.withLock { $0 += 10 }
            bench.store.clearLog()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let error = await #expect(throws: CacheError.self) {
                            try await backend.info(StreamID("a\(number)"))
                        }
                        #expect(error?.code == .streamNotFound)
                    }
                }
            }
            // One, or a few on a machine that takes many seconds for this.
            #expect((1...8).contains(self.bucketRequests(bench)))
        }
    }

    @Test("writers are told that the work could not begin, and do not wait for it; begun again, it takes them")
    func unstarted() async throws {
        let bench = try await S3Bench()
        let backend = try bench.backend()
        bench.store.set(hasBucket: false)
        await #expect(throws: CacheError.self) { try await backend.run() }
        bench.store.set(hasBucket: true)
        let error = await #expect(throws: CacheError.self) {
            let writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions())
            _ = try await writer.opened().value()
        }
        #expect(error?.code == .configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { do { try await backend.run() } catch is CancellationError {} }
            defer { group.cancelAll() }
            try await eventually("it takes writers") {
                do {
                    try await backend.write("a", [1, 2, 3])
                    return true
                } catch let error as CacheError where error.code == .configuration {
                    return false
                }
            }
            #expect(try await backend.read("a") == [1, 2, 3])
        }
    }
}
