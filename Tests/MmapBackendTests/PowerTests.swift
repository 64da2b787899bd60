import CacheProtocol
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
}
