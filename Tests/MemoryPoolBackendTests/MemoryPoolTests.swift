import CacheProtocol
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MemoryPoolBackend

@Suite("The memory pool")
struct MemoryPoolTests {
    private static let page = 4 << 10

    /// A backend of few small pages.
    private func backend(
        pages: Int,
        streams: Int = 1_000,
        _ change: (inout MemoryPoolConfiguration) -> Void = { _ in }
    ) throws -> MemoryPoolBackend {
        var configuration = MemoryPoolConfiguration()
        configuration.pageSize = Self.page
        configuration.capacity = Int64(pages * Self.page)
        configuration.maximumStreams = streams
        change(&configuration)
        return try MemoryPoolBackend(configuration: configuration)
    }

    private func bytes(_ byte: UInt8, pages: Int) -> ByteBuffer {
        ByteBuffer(repeating: byte, count: pages * Self.page)
    }

    private func write(_ name: String, _ bytes: ByteBuffer, to backend: MemoryPoolBackend) async throws {
        var writer = try await self.start(name, backend)
        _ = try writer.append(bytes)
        _ = try await writer.finish().value()
    }

    private func start(
        _ name: String,
        _ backend: MemoryPoolBackend,
        _ mode: WriteOptions.Mode = .create
    ) async throws -> StreamWriter {
        let writer = try backend.makeWriter(for: StreamID(name), options: WriteOptions(mode: mode))
        _ = try await writer.opened().value()
        return writer
    }

    private func reader(_ name: String, _ backend: MemoryPoolBackend) async throws -> StreamReader {
        let reader = try backend.makeReader(for: StreamID(name))
        _ = try await reader.opened().value()
        return reader
    }

    private func names(_ backend: MemoryPoolBackend) async throws -> [String] {
        try await backend.streams(matching: StreamFilter(), after: nil, limit: 1_000).streams.map(\.id.rawValue)
    }

    /// Waits until the digest's thread has let go of the streams that it worked on.
    private func usedPages(of backend: MemoryPoolBackend, become expected: Int) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if backend.store.arena.usage.used == expected { return true }
            await Task.yield()
        }
        return false
    }

    @Test("what has been sealed and unread for longest is evicted first, and no more than is needed")
    func evictionOrder() async throws {
        let backend = try self.backend(pages: 10) { $0.digest = .none }
        for name in ["a", "b", "c", "d", "e"] { try await self.write(name, self.bytes(1, pages: 2), to: backend) }
        _ = try await self.reader("a", backend)  // let go of at once: now the last to go
        try await self.write("f", self.bytes(2, pages: 1), to: backend)
        #expect(try await self.names(backend) == ["a", "c", "d", "e", "f"])
        try await self.write("g", self.bytes(2, pages: 4), to: backend)
        #expect(try await self.names(backend) == ["a", "e", "f", "g"])
        let gauges = await backend.health().gauges
        #expect(gauges["evicted_streams_total"] == 3)
        #expect(gauges["evicted_bytes_total"] == Int64(6 * Self.page))
    }

    @Test("nothing is evicted for an append that would not fit all the same")
    func noVainEviction() async throws {
        let backend = try self.backend(pages: 10) { $0.digest = .none }
        try await self.write("sealed", self.bytes(1, pages: 4), to: backend)
        var hog = try await self.start("hog", backend)
        _ = try hog.append(self.bytes(2, pages: 4))
        var writer = try await self.start("late", backend)
        #expect(self.code { _ = try writer.append(self.bytes(3, pages: 7)) } == .storageFull)
        #expect(try await self.names(backend).contains("sealed"))
        #expect(try await backend.info(StreamID("late")).size == 0, "a refused append took bytes")
        _ = try writer.append(self.bytes(3, pages: 6))
        #expect(try await !self.names(backend).contains("sealed"))
    }

    @Test("a full pool refuses an append whole, and takes it once there is room")
    func fullPool() async throws {
        let backend = try self.backend(pages: 4)
        var hog = try await self.start("hog", backend)
        _ = try hog.append(self.bytes(1, pages: 3))
        var writer = try await self.start("a", backend)
        _ = try writer.append(ByteBuffer(string: "begin"))
        #expect(self.code { _ = try writer.append(self.bytes(2, pages: 1)) } == .storageFull)
        #expect(await backend.health().problems.count == 1)
        #expect(try await backend.info(StreamID("a")).size == 5)
        try await hog.abort().value()
        _ = try writer.append(self.bytes(2, pages: 1))
        let info = try await writer.finish().value()
        #expect(info.size == Int64(5 + Self.page))
        #expect(await backend.health().problems.isEmpty)
    }

    @Test("a stream that can't fit is refused, at its start where its size is declared")
    func tooLarge() async throws {
        let backend = try self.backend(pages: 4)
        let id = try StreamID("a")
        let capacity = Int64(4 * Self.page)
        #expect(
            self.code { _ = try backend.makeWriter(for: id, options: WriteOptions(expectedSize: capacity + 1)) }
                == .streamTooLarge
        )
        var hog = try await self.start("hog", backend)
        _ = try hog.append(self.bytes(1, pages: 1))
        #expect(
            self.code { _ = try backend.makeWriter(for: id, options: WriteOptions(expectedSize: capacity)) }
                == .storageFull
        )
        #expect(self.code { _ = try hog.append(self.bytes(1, pages: 4)) } == .streamTooLarge)
        try await hog.abort().value()
        _ = try backend.makeWriter(for: id, options: WriteOptions(expectedSize: capacity))
    }

    @Test("pages are recycled: a thousand streams leave nothing")
    func noLeak() async throws {
        let backend = try self.backend(pages: 16)
        for number in 0..<1_000 {
            var writer = try await self.start("s", backend)
            _ = try writer.append(
                ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: 1 + number * 13 % 40_000)
            )
            switch number % 4 {
            case 0: try await writer.abort().value()
            case 1:
                _ = try await writer.finish().value()
                try await backend.remove(StreamID("s"))
            case 2:
                let lent = try await self.reader("s", backend).read(at: 0, count: 100).value()
                _ = try await writer.finish().value()
                try await backend.remove(StreamID("s"))
                #expect(lent.readableBytesView.allSatisfy { $0 == UInt8(truncatingIfNeeded: number) })
            default:
                _ = consume writer
                try await backend.remove(StreamID("s"))
            }
        }
        #expect(await self.usedPages(of: backend, become: 0))
        let gauges = await backend.health().gauges
        #expect(gauges["streams"] == 0)
        #expect(gauges["free_bytes"] == gauges["pool_bytes"])
        #expect((gauges["high_water_bytes"] ?? 0) > 0)
    }

    @Test("lent bytes stay as they are while their stream is evicted and the pool used again")
    func lentBytesOutliveEviction() async throws {
        let backend = try self.backend(pages: 4) { $0.digest = .none }
        try await self.write("a", self.bytes(7, pages: 2), to: backend)
        let lent = try await self.reader("a", backend).read(at: 10, count: 1_000).value()
        try await self.write("b", self.bytes(8, pages: 2), to: backend)
        try await self.write("c", self.bytes(9, pages: 2), to: backend)
        #expect(try await self.names(backend) == ["c"])
        #expect(lent.readableBytesView.allSatisfy { $0 == 7 })
        #expect(backend.store.arena.usage.used == 3, "the lent page, and two of c")
    }

    @Test("lent bytes outlive the backend")
    func lentBytesOutliveBackend() async throws {
        weak var arena: PageArena?
        var lent: ByteBuffer?
        do {
            let backend = try self.backend(pages: 4) { $0.digest = .none }
            try await self.write("a", self.bytes(7, pages: 2), to: backend)
            lent = try await self.reader("a", backend).read(at: 0, count: Self.page).value()
            arena = backend.store.arena
        }
        #expect(arena != nil)
        #expect(lent?.readableBytesView.allSatisfy { $0 == 7 } == true)
        lent = nil
        #expect(arena == nil, "the memory was not given back")
    }

    @Test("a reader who changes lent bytes changes his own copy, even when the page is his alone")
    func changingLentBytes() async throws {
        let backend = try self.backend(pages: 4) { $0.digest = .none }
        try await self.write("a", self.bytes(7, pages: 2), to: backend)
        var lent = try await self.reader("a", backend).read(at: 10, count: 20).value()
        try await backend.remove(StreamID("a"))
        lent.writeRepeatingByte(1, count: 3 * Self.page)
        #expect(backend.store.arena.usage.used == 0, "the page was not given back when the bytes moved to the heap")
        lent.clear()
        lent.writeRepeatingByte(2, count: 10)
        try await self.write("b", self.bytes(8, pages: 4), to: backend)
        let reader = try await self.reader("b", backend)
        for index in 0..<4 {
            let bytes = try await reader.read(at: Int64(index * Self.page), count: Self.page).value()
            #expect(bytes.readableBytesView.allSatisfy { $0 == 8 })
        }
    }

    @Test("a reader of a recycled page never sees what another stream left there")
    func noStaleBytes() async throws {
        let backend = try self.backend(pages: 1) { $0.digest = .none }
        try await self.write("secret", self.bytes(0x53, pages: 1), to: backend)
        try await backend.remove(StreamID("secret"))
        var writer = try await self.start("a", backend)
        _ = try writer.append(ByteBuffer(repeating: 1, count: 100))
        let reader = try await self.reader("a", backend)
        let lent = try await reader.read(at: 0, count: Int.max).value()
        #expect(lent.readableBytes == 100)
        #expect(lent.capacity == 100, "the slice reaches beyond what was written")
    }

    @Test("suspended streams expire by the backend's time, and not while somebody resumes them")
    func suspendedExpire() async throws {
        let backend = try self.backend(pages: 4) { $0.suspendedTimeToLiveSeconds = 10 }
        let now = backend.store.clock.monotonic()
        for name in ["a", "b"] {
            var writer = try await self.start(name, backend)
            _ = try writer.append(ByteBuffer(string: "x"))
        }
        let next = try #require(backend.store.upkeep(now: now))
        #expect(next >= now + 10_000)
        #expect(try await self.names(backend) == ["a", "b"])
        let again = try await self.start("a", backend, .resume)
        #expect(backend.store.upkeep(now: next + 60_000) == nil)
        #expect(try await self.names(backend) == ["a"])
        #expect(await backend.health().gauges["expired_streams_total"] == 1)
        _ = consume again
    }

    @Test("the backend's upkeep wakes when a stream's time is over", .timeLimit(.minutes(1)))
    func upkeepWakes() async throws {
        let backend = try self.backend(pages: 4) { $0.timeToLiveSeconds = 1 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await backend.run() }
            try await self.write("a", self.bytes(1, pages: 1), to: backend)
            while backend.store.expiredStreams.load(ordering: .relaxed) == 0 { await Task.yield() }
            #expect(try await self.names(backend) == [])
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("a wall clock that jumps expires nothing")
    func clockJumps() async throws {
        final class Wall: Sendable {
            let milliseconds = Atomic<Int64>(1_700_000_000_000)
        }
        let wall = Wall()
        var configuration = MemoryPoolConfiguration()
        configuration.capacity = 1 << 20
        let backend = try MemoryPoolBackend(
            configuration: configuration,
            clock: MemoryClock(
                wall: { Timestamp(millisecondsSinceEpoch: wall.milliseconds.load(ordering: .relaxed)) },
                monotonic: { 0 }
            )
        )
        var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(timeToLiveSeconds: 60))
        _ = try await writer.opened().value()
        _ = try writer.append(ByteBuffer(string: "x"))
        _ = try await writer.finish().value()
        for jump in [Int64(1) << 40, -(Int64(1) << 40)] {
            wall.milliseconds.store(1_700_000_000_000 + jump, ordering: .relaxed)
            #expect(backend.store.upkeep(now: 59_999) == 60_000)
        }
        #expect(try await self.names(backend) == ["a"])
        #expect(backend.store.upkeep(now: 60_000) == nil)
        #expect(try await self.names(backend) == [])
    }

    @Test("a long listing is the same whatever its pages, and its filter")
    func longListing() async throws {
        let backend = try self.backend(pages: 1) { $0.digest = .none }
        let names = (0..<700).map { "\($0 % 3)-\($0)" }
        for name in names.shuffled() {
            let writer = try await self.start(name, backend)
            if name.hasSuffix("7") { _ = try await writer.finish().value() }
        }
        for (filter, expected) in [
            (StreamFilter(), names),
            (StreamFilter(prefix: "1-"), names.filter { $0.hasPrefix("1-") }),
            (StreamFilter(state: .sealed), names.filter { $0.hasSuffix("7") }),
            (StreamFilter(prefix: "2-69", state: .suspended), ["2-692", "2-695", "2-698"]),
        ] {
            for limit in [1, 255, 256, 257, 1_000] {
                var listed: [String] = []
                var cursor: StreamID?
                repeat {
                    let page = try await backend.streams(matching: filter, after: cursor, limit: limit)
                    listed += page.streams.map(\.id.rawValue)
                    cursor = page.next
                } while cursor != nil
                #expect(listed == expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            }
        }
    }

    @Test("the order of eviction is that of a plain list, however streams are read and removed")
    func evictionModel() async throws {
        try await checkProperty(runs: 20) { random in
            let backend = try self.backend(pages: 64) { $0.digest = .none }
            var order: [String] = []
            for number in 0..<64 {
                try await self.write("s\(number)", self.bytes(1, pages: 1), to: backend)
                order.append("s\(number)")
            }
            for _ in 0..<400 {
                let index = Int.random(in: 0..<order.count, using: &random)
                let name = order.remove(at: index)
                _ = try await self.reader(name, backend)
                order.append(name)
            }
            let removed = Int.random(in: 0..<30, using: &random)
            for _ in 0..<removed {
                let name = order.remove(at: Int.random(in: 0..<order.count, using: &random))
                try await backend.remove(StreamID(name))
            }
            let evicted = Int.random(in: 1..<order.count, using: &random)
            try await self.write("new", self.bytes(2, pages: removed + evicted), to: backend)
            try #require(try await Set(self.names(backend)) == Set(order.dropFirst(evicted) + ["new"]))
        }
    }

    @Test("the most streams are a limit that sealed streams make way for")
    func maximumStreams() async throws {
        let backend = try self.backend(pages: 4, streams: 2)
        try await self.write("a", ByteBuffer(string: "a"), to: backend)
        let first = try await self.start("b", backend)
        let second = try await self.start("c", backend)
        #expect(try await self.names(backend) == ["b", "c"])
        await #expect(throws: CacheError.self) { _ = try await self.start("d", backend) }
        #expect(try await self.names(backend) == ["b", "c"])
        _ = consume first
        _ = consume second
    }

    @Test("thousands of races for one stream leave one writer at most, and the pool in order")
    func races() async throws {
        let backend = try self.backend(pages: 64)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(worker))
                    for _ in 0..<500 {
                        do {
                            let mode = [WriteOptions.Mode.create, .resume, .overwrite].randomElement(using: &random)
                            var writer = try await self.start("s", backend, mode ?? .create)
                            _ = try writer.append(ByteBuffer(repeating: UInt8(worker), count: 5_000))
                            switch Int.random(in: 0..<4, using: &random) {
                            case 0: _ = try await writer.finish().value()
                            case 1: try await writer.abort().value()
                            case 2: try await backend.remove(StreamID("s"))
                            default: break
                            }
                        } catch let error as CacheError {
                            let expected: [CacheError.Code] = [
                                .streamBusy, .streamExists, .streamNotFound, .aborted, .storageFull, .streamTooLarge,
                            ]
                            #expect(expected.contains(error.code), "\(error)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        if try await !self.names(backend).isEmpty { try await backend.remove(StreamID("s")) }
        #expect(await self.usedPages(of: backend, become: 0))
    }

    private func code(_ body: () throws -> Void) -> CacheError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? CacheError)?.code
        }
    }
}
