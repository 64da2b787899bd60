import CacheProtocol
import NIOCore
import ObjectStoreSupport
import Synchronization
import TestSupport
import Testing

@testable import S3Backend

@Suite("A gateway whose clock is wrong takes nothing from the others")
struct ClockTests {
    @Test("what others have begun to upload is theirs for as long as the store's clock says")
    func uploads() async throws {
        let bench = try await S3Bench()
        let backend = try bench.backend(partSize: 64 << 10)
        _ = try await backend.store.client.createUpload("audio/streams/a", headers: [])
        bench.seconds.value.withLock { $0 = 90_000 }
        await backend.store.removeLeftovers()
        #expect(bench.store.unfinishedUploads == 1)
        // One whose clock is behind removes them in time all the same.
        bench.seconds.value.withLock { $0 = 0 }
        bench.store.set(clockAhead: 90_000)
        await backend.store.removeLeftovers()
        #expect(bench.store.unfinishedUploads == 0)
    }

    @Test("a stream is served, kept and not replaced until its time is over, by a gateway whose clock is ahead")
    func expiry() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3], WriteOptions(timeToLiveSeconds: 3_600))
            bench.seconds.value.withLock { $0 = 90_000 }
            #expect(try await backend.read("a") == [1, 2, 3])
            await backend.store.expire()
            let error = await #expect(throws: CacheError.self) { try await backend.write("a", [4]) }
            #expect(error?.code == .streamExists)
            #expect(try await backend.info(StreamID("a")).size == 3)
            bench.store.set(clockAhead: 90_000)
            let over = await #expect(throws: CacheError.self) { try await backend.info(StreamID("a")) }
            #expect(over?.code == .streamNotFound)
            await backend.store.expire()
        }
        #expect(bench.store.keys.isEmpty)
    }

    @Test("a stream that a gateway has just sealed is there, however far its clock is behind the store's")
    func behind() async throws {
        let bench = try await S3Bench()
        bench.store.set(clockAhead: 90_000)
        try await bench.withBackend { backend in
            try await backend.write("a", [1, 2, 3], WriteOptions(timeToLiveSeconds: 3_600))
            #expect(try await backend.read("a") == [1, 2, 3])
            await backend.store.expire()
        }
        #expect(bench.store.keys == ["audio/streams/a"])
    }

    @Test("one object that is damaged does not keep the ones behind it beyond their time")
    func damaged() async throws {
        let bench = try await S3Bench()
        try await bench.withBackend { backend in
            for name in ["a", "b"] {
                try await backend.write(name, [1, 2, 3], WriteOptions(timeToLiveSeconds: 3_600))
            }
            bench.store.change("audio/streams/a") { $0?.bytes = ByteBuffer(bytes: [1]) }
            bench.advance(by: 90_000)
            await backend.store.expire()
        }
        #expect(bench.store.keys == ["audio/streams/a"])
    }

    @Test("the store's time is that of its answers, and ours where they are as near as an answer tells")
    func storeTime() {
        let time = StoreTime()
        let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
        #expect(time.now(at: now) == now)
        time.note(now.advanced(bySeconds: -86_400), at: now)
        #expect(time.now(at: now.advanced(bySeconds: 10)) == now.advanced(bySeconds: 10 - 86_400))
        time.note(now.advanced(bySeconds: -2), at: now)
        #expect(time.now(at: now) == now)
    }
}
