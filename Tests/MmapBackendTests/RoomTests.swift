import CacheProtocol
import FileBackendSupport
import FileStorage
import NIOCore
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Room in a directory")
struct RoomTests {
    private static let kibibytes = [UInt8](repeating: 7, count: 100 << 10)

    @Test("too little free space makes old streams go, and the reserve stays")
    func freeSpace() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.minimumFreeBytes = 1 << 20 }
        for name in ["a", "b", "c"] { try await made.backend.write(name, Self.kibibytes) }
        // The file system is full up to the reserve; each stream that goes gives its bytes back.
        bench.calls.pretendFree(1 << 20)
        bench.calls.hook { call, _ in
            if call == .unlink { bench.calls.pretendFree((1 << 20) + (100 << 10)) }
        }
        try await made.backend.write("d", Self.kibibytes)
        #expect(try await made.backend.names() == ["b", "c", "d"])
        #expect(await made.backend.health().gauges["evicted_streams_total"] == 1)
        bench.calls.hook(nil)
    }

    @Test("of two uploads that grow at once, where there is space for one, the other does not take the reserve")
    func together() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make {
            $0.minimumFreeBytes = 1 << 20
            $0.evicts = false
        }
        // Enough for the bytes of one and what is allocated ahead of them.
        bench.calls.pretendFree((1 << 20) + (300 << 10))
        let turnstile = Turnstile()
        let looks = Mutex(0)
        bench.calls.hook { call, path in
            if call == .freeBytes { looks.withLock { $0 += 1 } }
            guard call == .preallocate, path.hasSuffix("/a.part") else { return }
            turnstile.pass()
            bench.calls.pretendFree((1 << 20) + (44 << 10))
        }
        var first = try await made.backend.start("a")
        try await first.appendAll(Self.kibibytes)
        first.flush()
        await turnstile.reached()
        let seen = looks.withLock { $0 }
        async let second = failure { try await made.backend.write("b", Self.kibibytes) }
        // The other one looks whether there is space for all, and then waits; it would look again at once.
        for _ in 0..<2_000 where looks.withLock({ $0 }) < seen + 2 { await Task.yield() }
        turnstile.open()
        #expect(try await second.code == .storageFull)
        let info = try await first.finish().value()
        #expect(info.size == Int64(Self.kibibytes.count))
        bench.calls.hook(nil)
    }

    @Test("where streams are not to be evicted, an upload that needs room is refused")
    func noEviction() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make {
            $0.maximumBytes = 150 << 10
            $0.evicts = false
        }
        #expect(made.backend.capabilities.eviction == .none)
        try await made.backend.write("a", Self.kibibytes)
        let error = try await failure { try await made.backend.write("b", Self.kibibytes) }
        #expect(error.code == .storageFull)
        #expect(error.message.contains("maxBytes"))
        #expect(try await made.backend.bytes("a") == Self.kibibytes)
    }

    /// Found by a crash loop with little room: that is the upload's trouble, not a fault of what was stored.
    @Test("who waits for bytes that then can't be stored is told that they are not coming")
    func notStored() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        var writer = try made.backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        _ = try await writer.opened().value()
        let turnstile = Turnstile()
        bench.calls.hook { call, _ in if call == .write { turnstile.pass() } }
        bench.calls.inject(.init(calls: [.write], number: ENOSPC))
        _ = try writer.append(ByteBuffer(bytes: Self.kibibytes))
        writer.flush()
        let reader = try made.backend.makeReader(for: StreamID("a"))
        #expect(try await reader.opened().value().size == Int64(Self.kibibytes.count))
        let answer = try reader.read(at: 0, count: 1)
        turnstile.open()
        bench.calls.hook(nil)
        // The writer learns of it at its end, if not before, and the reader then.
        let sealing = writer.finish()
        let refusal = try await failure { _ = try await sealing.value() }
        #expect(refusal.code == .storageFull)
        let error = try await failure { _ = try await answer.value() }
        #expect(error.code == .aborted && error.message.contains("could not be stored"))
    }

    @Test("where a quota has room for the bytes and not for what is allocated ahead, they are stored")
    func quota() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        bench.calls.inject(.init(calls: [.preallocate], number: EDQUOT, isLasting: false))
        try await made.backend.write("a", Self.kibibytes, WriteOptions(expectedSize: 1 << 30))
        #expect(bench.calls.hits == 1)
        #expect(try await made.backend.bytes("a") == Self.kibibytes)
    }

    @Test("one stream more than there may be makes the oldest go; where none may go it is refused with limit")
    func streamCount() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.maximumStreams = 2 }
        for name in ["a", "b", "c"] { try await made.backend.write(name, [1]) }
        #expect(try await made.backend.names() == ["b", "c"])
        for name in ["d", "e"] { try await made.backend.writeAndDrop(name, [1]) }
        let error = try await failure { try await made.backend.write("f", [1]) }
        #expect(error.code == .limit)
        #expect(try await made.backend.names() == ["d", "e"])
        // A refused stream is not counted.
        try await made.backend.remove(StreamID("d"))
        try await made.backend.write("f", [1])
    }

    @Test("as many streams go as it takes, also where they are many and small")
    func manySmallOnes() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.maximumBytes = 30_000 }
        for number in 0..<300 { try await made.backend.write("s\(number)", [UInt8](repeating: 1, count: 100)) }
        try await made.backend.write("long", [UInt8](repeating: 2, count: 27_000))
        #expect(await made.backend.health().gauges["evicted_streams_total"] == 270)
    }

    @Test("however many streams are in front that must stay, the ones behind them go")
    func passedOver() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.maximumStreams = 303 }
        made.store.guardEviction { $0.rawValue.hasPrefix("free") }
        for number in 0..<300 { try await made.backend.write("stays\(number)", [1]) }
        bench.clock.advance(seconds: 1)
        for number in 0..<3 { try await made.backend.write("free\(number)", [1]) }
        for number in 0..<3 { try await made.backend.write("new\(number)", [1]) }
        #expect(try await made.backend.names().count { $0.hasPrefix("free") } == 0)
        let error = try await failure { try await made.backend.write("more", [1]) }
        #expect(error.code == .limit)
        #expect(try await made.backend.names().count == 303)
    }

    @Test("what was there at the start is counted")
    func countedAtStart() async throws {
        let bench = try FileBench.mmap()
        do {
            let made = try await bench.make()
            for name in ["a", "b"] { try await made.backend.write(name, Self.kibibytes) }
        }
        let made = try await bench.make { $0.maximumBytes = 250 << 10 }
        try await made.backend.write("c", Self.kibibytes)
        #expect(try await made.backend.names() == ["b", "c"])
        #expect(await made.backend.health().gauges["used_bytes"] == 200 << 10)
        #expect(await made.backend.health().gauges["streams"] == 2)
    }

    @Test("a budget that was lowered is kept to by upkeep")
    func loweredBudget() async throws {
        let bench = try FileBench.mmap()
        do {
            let made = try await bench.make()
            for name in ["a", "b", "c"] { try await made.backend.write(name, Self.kibibytes) }
        }
        let made = try await bench.make { $0.maximumBytes = 120 << 10 }
        try await made.running { await made.store.upkeep() }
        #expect(try await made.backend.names() == ["c"])
    }

    @Test("when a stream was last read outlives the process")
    func readTimesAreKept() async throws {
        let bench = try FileBench.mmap()
        do {
            let made = try await bench.make()
            for name in ["a", "b"] { try await made.backend.write(name, Self.kibibytes) }
            _ = try await made.backend.bytes("a")
            await made.store.upkeep()
        }
        let made = try await bench.make { $0.maximumBytes = 250 << 10 }
        #expect(try await made.backend.info(StreamID("a")).lastReadAt != nil)
        try await made.backend.write("c", Self.kibibytes)
        #expect(try await made.backend.names() == ["a", "c"])
    }

    @Test("streams go by the configuration's time to live, and abandoned ones by theirs, also after a restart")
    func timesToLive() async throws {
        let bench = try FileBench.mmap()
        func make() async throws -> FileBench.Made {
            try await bench.make {
                $0.timeToLiveSeconds = 10_000
                $0.suspendedTimeToLiveSeconds = 100_000
            }
        }
        do {
            let made = try await make()
            try await made.backend.write("plain", [1])
            try await made.backend.write("own", [1], WriteOptions(timeToLiveSeconds: 50_000))
            try await made.backend.writeAndDrop("left", [1])
        }
        let made = try await make()
        var left: [[String]] = []
        // Far enough from each deadline that it does not matter how long the test takes.
        for seconds in [Int64(9_000), 2_000, 38_000, 2_000, 48_000, 2_000] {
            bench.clock.advance(seconds: seconds)
            await made.store.upkeep()
            left.append(try await made.backend.names())
        }
        #expect(
            left == [
                ["left", "own", "plain"], ["left", "own"], ["left", "own"], ["left"], ["left"], [],
            ]
        )
        #expect(await made.backend.health().gauges["expired_streams_total"] == 3)
    }

    @Test("a stream that is read when its time is over goes when it is not read any more")
    func expiryWaitsForReaders() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.timeToLiveSeconds = 10 }
        try await made.backend.write("a", Self.kibibytes)
        do {
            let reader = try made.backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            bench.clock.advance(seconds: 20)
            await made.store.upkeep()
            #expect(try await reader.read(at: 0, count: 10).value().readableBytes == 10)
        }
        await made.store.upkeep()
        #expect(try await made.backend.names() == [])
    }
}
