import CacheProtocol
import FileBackendSupport
import FileStorage
import Synchronization
import Testing

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
}
