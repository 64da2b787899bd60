import CacheProtocol
import FileBackendSupport
import FileStorage
import GRDB
import Synchronization
import Testing

@testable import SQLiteBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("When the index is written, and when it can't be")
struct IndexWriteTests {
    private static let bytes = [UInt8](repeating: 5, count: 100 << 10)

    /// Counts commits.
    private final class Commits: Sendable {
        private let count = Mutex(0)

        init(of index: StreamIndex) { index.beforeCommit { self.count.withLock { $0 += 1 } } }

        /// How many there were since this was asked last.
        func taken() -> Int {
            self.count.withLock { count in
                defer { count = 0 }
                return count
            }
        }
    }

    @Test("a stream's start and its sealing are one commit each, its bytes none, however many they are")
    func commits() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        let commits = Commits(of: try made.index)
        var writer = try await made.backend.start("a")
        #expect(commits.taken() == 1)
        for _ in 0..<50 {
            try await writer.appendAll(Self.bytes)
            writer.flush()
        }
        let reader = try made.backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        _ = try await reader.grown(past: Int64(50 * Self.bytes.count - 1))
        #expect(commits.taken() == 0)
        _ = try await writer.finish().value()
        #expect(commits.taken() == 1)
        drop(try await made.backend.start("b"))
        await made.store.drained()
        #expect(commits.taken() == 2)
        drop(try await made.backend.start("b", WriteOptions(mode: .resume)))
        await made.store.drained()
        #expect(commits.taken() == 2)
        try await made.backend.remove(StreamID("b"))
        #expect(commits.taken() == 1)
    }

    @Test("reading writes nothing; when streams were read is written in one commit, later, and known before")
    func lastRead() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        let names = (0..<100).map { "s\($0)" }
        for name in names { try await made.backend.write(name, [1]) }
        let commits = Commits(of: try made.index)
        for _ in 0..<3 { for name in names { _ = try await made.backend.bytes(name) } }
        #expect(commits.taken() == 0)
        #expect(try made.index.stream(StreamID("s7"))?.lastReadAt == nil)
        let known = try #require(try await made.backend.info(StreamID("s7")).lastReadAt)
        await made.store.upkeep()
        #expect(commits.taken() == 1)
        #expect(try made.index.stream(StreamID("s7"))?.lastReadAt == known)
        await made.store.upkeep()
        #expect(commits.taken() == 0)
    }

    @Test("with the index full and the disk not, STOP fails with storage_full, and nothing is sealed without its row")
    func indexFull() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        var writer = try await made.backend.start("a")
        try await writer.appendAll(Self.bytes)
        made.fillCatalog(true)
        let held = HeldWriter(writer)
        let error = try await failure { _ = try await held.take()?.finish().value() }
        #expect(error.code == .storageFull && error.message.contains(bench.indexPath))
        #expect(bench.files == ["a.part"])
        #expect(try await made.backend.info(StreamID("a")).state == .suspended)
        #expect(try await made.backend.names() == ["a"])
        #expect(try await made.backend.bytes("a") == Self.bytes)
        // Nor is one begun without its row.
        let refusal = try await failure { _ = try await made.backend.start("b") }
        #expect(refusal.code == .storageFull)
        #expect(bench.files == ["a.part"])
        // What the index could not be told is not forgotten.
        #expect(try made.index.stream(StreamID("a"))?.state == .live)
        made.fillCatalog(false)
        await made.store.upkeep()
        #expect(try made.index.stream(StreamID("a"))?.state == .suspended)
        let again = try await made.backend.start("a", WriteOptions(mode: .resume))
        #expect(try await again.finish().value().state == .sealed)
        #expect(try made.disagreements() == [])
    }

    @Test(
        "with the index full, DELETE works: the file goes first, and its row when there is room, or at the next start"
    )
    func removalWhileFull() async throws {
        for isEnded in [false, true] {
            let bench = try FileBench.sqlite()
            do {
                let made = try await bench.make()
                for name in ["a", "b"] { try await made.backend.write(name, Self.bytes) }
                made.fillCatalog(true)
                try await made.backend.remove(StreamID("a"))
                #expect(bench.files == ["b.audio"])
                #expect(try await made.backend.names() == ["b"])
                #expect(try await failure { _ = try await made.backend.info(StreamID("a")) }.code == .streamNotFound)
                #expect(try await failure { try await made.backend.remove(StreamID("a")) }.code == .streamNotFound)
                #expect(try made.index.stream(StreamID("a")) != nil)
                made.fillCatalog(false)
                if !isEnded {
                    await made.store.upkeep()
                    #expect(try made.index.stream(StreamID("a")) == nil)
                }
                #expect(await made.backend.health().gauges["used_bytes"] != nil)
            }
            let made = try await bench.make()
            try await made.running {}
            #expect(try await made.backend.names() == ["b"])
            #expect(try made.disagreements() == [])
            // Who removed it can't be known after the end: the row tells of a loss, until the name is used or removed.
            #expect(FileBench.findings(await made.backend.health()) == (isEnded ? ["recovered_missing": 1] : [:]))
            try await made.backend.write("a", [1])
            #expect(try await made.backend.names() == ["a", "b"])
        }
    }

    @Test("whichever commit fails, once or for ever, nothing acknowledged is lost, and nothing is stuck or left behind")
    func failingCommits() async throws {
        for (code, isLasting) in [(ResultCode.SQLITE_FULL, false), (.SQLITE_FULL, true), (.SQLITE_IOERR, false)] {
            let counter = Mutex((seen: 0, failed: 0))
            try await FaultSweep.run("a commit: \(code), lasting \(isLasting)", .process, { try FileBench.sqlite() }) {
                made,
                _,
                number in
                counter.withLock { $0 = (0, 0) }
                guard let number else { return try made.index.beforeCommit(nil) }
                try made.index.beforeCommit {
                    let fails = counter.withLock { counter -> Bool in
                        counter.seen += 1
                        guard isLasting ? counter.seen >= number : counter.seen == number else { return false }
                        counter.failed += 1
                        return true
                    }
                    if fails { throw DatabaseError(resultCode: code) }
                }
            } hits: { _ in
                counter.withLock { $0.failed }
            }
        }
    }

    @Test(
        "a failing call is reported, loses nothing acknowledged, and leaves no stream stuck and no row wrong",
        arguments: FaultSweep.all.filter { $0.number == EIO }
    )
    func failingCalls(_ sweep: FaultSweep) async throws { try await sweep.run(.power) { try FileBench.sqlite() } }
}

/// A writer that is handed into a closure.
private final class HeldWriter: @unchecked Sendable {
    // Sendable: one task at a time has it.
    private var writer: StreamWriter?
    init(_ writer: consuming StreamWriter) { self.writer = consume writer }
    func take() -> StreamWriter? { self.writer.take() }
}
