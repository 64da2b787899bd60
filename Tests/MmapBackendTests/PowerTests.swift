import CacheProtocol
import Crypto
import FileBackendSupport
import FileStorage
import Synchronization
import Testing

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
}
