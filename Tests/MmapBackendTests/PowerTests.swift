import CacheProtocol
import Crypto
import FileBackendSupport
import Synchronization
import Testing

@testable import FileStorage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Bytes and lengths that a power cut may part")
struct PowerTests {
    /// Found by cutting the power of a file system: a dropped upload came back as zeros.
    @Test(
        "a dropped stream's bytes go to the device before its length is set",
        arguments: [Durability.process, .power]
    )
    func flushedBeforeCut(_ durability: Durability) async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.durability = durability }
        let calls = Mutex<[FaultyFileCalls.Call]>([])
        bench.calls.hook { call, path in
            guard path.hasSuffix("/a.part"), call == .flush || call == .truncate else { return }
            calls.withLock { $0.append(call) }
        }
        try await made.backend.writeAndDrop("a", [1, 2, 3])
        try await made.backend.settle("a")
        bench.calls.hook(nil)
        #expect(calls.withLock { $0 } == (durability == .power ? [.flush, .truncate] : [.truncate]))
    }

    /// Found in the same way: the file system's journal had the length of blocks that were allocated ahead and never
    /// written, and an unfinished stream came back as zeros.
    @Test("an unfinished file that is longer than its bytes goes as far as its bytes, and is gone on with from there")
    func longerThanItsBytes() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        let bytes = (0..<8_192).map { UInt8(truncatingIfNeeded: $0 &* 31 | 1) }
        let calls = POSIXFileCalls()
        let directory = try calls.openDirectory(bench.path)
        do {
            let file = try calls.open("a.part", in: directory, .create)
            #expect(try bytes.withUnsafeBytes { try calls.write($0, to: file, at: 0) } == bytes.count)
            let isAllocated = try calls.preallocate(file, from: 0, count: 1_000_000)
            try calls.truncate(file, to: 1_000_000)
            guard isAllocated, try calls.firstUnwritten(in: file, below: 1_000_000) != nil else {
                // Not the file system on which this can happen.
                return
            }
        }
        #expect(try await backend.info(StreamID("a")).size == 8_192)
        #expect(try await backend.bytes("a") == bytes)
        var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .resume))
        #expect(try await writer.opened().value().offset == 8_192)
        try await writer.appendAll([1, 2, 3])
        let sealed = try await writer.finish(expecting: SHA256Value(bytes: SHA256.hash(data: bytes + [1, 2, 3])))
            .value()
        #expect(sealed.size == 8_195)
        #expect(try await backend.bytes("a") == bytes + [1, 2, 3])
    }

    /// Found in the same way: a block of the file was written before, so it counts as written, and the file had its new
    /// length before the block had the new bytes.
    @Test("after a power cut an unfinished stream goes as far as it was flushed; before one, as far as its file")
    func zerosInsideBlock() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make { $0.durability = .power }.backend
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31 | 1) }
        try await backend.writeAndDrop("a", bytes)
        try await backend.settle("a")
        try bench.grow("a", by: [0, 0, 0])
        #expect(try await backend.info(StreamID("a")).size == 5_003)
        bench.calls.reboot()
        #expect(try await backend.info(StreamID("a")).size == 5_000)
        #expect(try await backend.bytes("a") == bytes)
        do {
            var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .resume))
            #expect(try await writer.opened().value().offset == 5_000)
            try await writer.appendAll([7])
        }
        try await backend.settle("a")
        // What the power cut left is gone, and not the stream's again now that the file has this boot's name.
        #expect(try await backend.info(StreamID("a")).size == 5_001)
        var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .resume))
        _ = try await writer.opened().value()
        try await writer.appendAll([8])
        let whole = bytes + [7, 8]
        _ = try await writer.finish(expecting: SHA256Value(bytes: SHA256.hash(data: whole))).value()
        #expect(try await backend.bytes("a") == whole)
    }

    @Test("who gave up durability `power` keeps what was written since")
    func laterByProcess() async throws {
        let bench = try FileBench.mmap()
        try await bench.make { $0.durability = .power }.backend.writeAndDrop("a", [1, 2, 3])
        try await bench.make().backend.settle("a")
        let backend = try await bench.make().backend
        do {
            var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .resume))
            _ = try await writer.opened().value()
            try await writer.appendAll([4, 5])
        }
        try await backend.settle("a")
        bench.calls.reboot()
        #expect(try await backend.bytes("a") == [1, 2, 3, 4, 5])
    }

    /// Opens a writer of the stream `a`, and returns a reader of it once three bytes are in the file.
    private func begin(_ writer: inout StreamWriter, of backend: any CacheBackend) async throws -> StreamReader {
        _ = try await writer.opened().value()
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        try await writer.appendAll([1, 2, 3])
        writer.flush()
        _ = try await reader.grown(past: 2)
        return reader
    }

    @Test("upkeep flushes what is being written, and says how far that is once the device knows it, too")
    func liveStreams() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.durability = .power }
        var writer = try made.backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        let reader = try await self.begin(&writer, of: made.backend)
        #expect(reader.durableSize == 0)
        await made.store.upkeep()
        // The bytes are safe by now; that this is known is not.
        #expect(reader.durableSize == 0)
        await made.store.upkeep()
        #expect(reader.durableSize == 3)
        let flushes = Mutex(0)
        bench.calls.hook { call, _ in if call == .flush { flushes.withLock { $0 += 1 } } }
        await made.store.upkeep()
        #expect(flushes.withLock { $0 } == 0)
        bench.calls.hook(nil)
        // The power goes in the middle of the upload.
        try bench.grow("a", by: [0, 0])
        bench.calls.reboot()
        #expect(try made.store.directory.stored(StreamID("a"))?.info.size == 3)
    }

    @Test("a stream of which a flush failed is not sealed by one that succeeds")
    func failedFlush() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.durability = .power }
        var writer = try made.backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        _ = try await self.begin(&writer, of: made.backend)
        bench.calls.inject(.init(calls: [.flush], number: EIO, isLasting: false))
        await made.store.upkeep()
        bench.calls.inject(nil)
        let sealing = writer.finish()
        let error = await #expect(throws: CacheError.self) { try await sealing.value() }
        #expect(error?.code == .io)
    }
}

extension FileBench {
    /// Makes an unfinished file longer, as a file system may that knows a length before its bytes.
    fileprivate func grow(_ name: String, by bytes: [UInt8]) throws {
        let calls = POSIXFileCalls()
        let file = try calls.open("\(name).part", in: try calls.openDirectory(self.path), .update)
        let size = try calls.status(of: file).size
        _ = try bytes.withUnsafeBytes { try calls.write($0, to: file, at: size) }
    }
}
