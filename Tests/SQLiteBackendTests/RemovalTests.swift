import CacheProtocol
import FileBackendSupport
import FileStorage
import Synchronization
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Removing a stream from files and index")
struct RemovalTests {
    /// Found by killing a gateway while streams were deleted: a row whose file was gone was taken for a loss.
    @Test("the row goes before the file, so that whoever is killed between the two leaves a whole stream")
    func rowGoesFirst() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        try await made.backend.write("a", [1, 2, 3])
        try #require(made.rows() == ["the row of a"])
        let rows = Mutex<[String]?>(nil)
        bench.calls.hook { call, path in
            guard call == .unlink, path == "a.audio" else { return }
            rows.withLock { $0 = made.rows() }
        }
        try await made.backend.remove(StreamID("a"))
        #expect(rows.withLock { $0 } == [])
    }

    @Test("a stream whose file can't be removed keeps its row", arguments: [false, true])
    func failureKeepsRow(isIndexFull: Bool) async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        try await made.backend.write("a", [1, 2, 3])
        made.fillCatalog(isIndexFull)
        bench.calls.inject(.init(calls: [.unlink], number: EIO))
        await #expect(throws: CacheError.self) { try await made.backend.remove(StreamID("a")) }
        bench.calls.inject(nil)
        #expect(try await made.backend.info(StreamID("a")).state == .sealed)
        made.fillCatalog(false)
        await made.store.upkeep()
        #expect(made.rows() == ["the row of a"])
        try await made.backend.remove(StreamID("a"))
        #expect(made.rows() == [])
    }

    @Test("suspended streams whose files somebody removed do not keep upkeep from those behind them")
    func removedFiles() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make { $0.suspendedTimeToLiveSeconds = 100_000 }
        // More than upkeep looks at in one turn.
        let names = (0..<1_001).map { "gone-\($0)" }
        for name in names { try await made.backend.writeAndDrop(name, [1]) }
        try await made.backend.writeAndDrop("left", [1])
        for name in names { try FileManager.default.removeItem(atPath: bench.file("\(name).part")) }
        bench.clock.advance(seconds: 200_000)
        for _ in 0..<3 { await made.store.upkeep() }
        #expect(!FileManager.default.fileExists(atPath: bench.file("left.part")))
        #expect(try await made.backend.names() == [])
    }
}
