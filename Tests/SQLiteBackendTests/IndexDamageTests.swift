import CacheProtocol
import FileBackendSupport
import FileStorage
import GRDB
import TestSupport
import Testing

@testable import SQLiteBackend

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

/// Whatever has become of the index: it is used, or made again from the streams' files with the old one kept aside, or
/// refused with what to do. The streams' files are never touched.
@Suite("An index that is not what it was")
struct IndexDamageTests {
    private static let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    /// A cache of which everything is known.
    private struct Cache {
        let bench: FileBench
        let streams: [StreamInfo]
        let files: [String: [UInt8]]

        init() async throws {
            let bench = try FileBench.sqlite()
            let made = try await bench.make()
            let options = WriteOptions(contentType: "audio/x", timeToLiveSeconds: 1_000_000, metadata: ["k": "v"])
            for name in ["a", "b", "c"] { try await made.backend.write(name, IndexDamageTests.bytes, options) }
            try await made.backend.writeAndDrop("open", IndexDamageTests.bytes, options)
            await made.store.drained()
            // Enough rows for an index of several pages.
            try made.index.put(
                (0..<200).map { number in
                    var info = StreamInfo(
                        id: try StreamID("lost-\(number)"),
                        state: .sealed,
                        size: 1,
                        createdAt: Timestamp(millisecondsSinceEpoch: 1)
                    )
                    info.metadata = ["label": String(repeating: "x", count: 100)]
                    return IndexedStream(info, file: "lost-\(number).audio", changedAt: info.createdAt)
                }
            )
            self.bench = bench
            self.streams = try await Self.streams(made).filter { !$0.id.rawValue.hasPrefix("lost-") }
            self.files = try Self.contents(bench)
        }

        /// What is known of the streams, but for when they were read, which looking at them changes.
        private static func streams(_ made: FileBench.Made) async throws -> [StreamInfo] {
            try await made.backend.streams(matching: StreamFilter(), after: nil, limit: 1_000).streams.map { info in
                var info = info
                info.lastReadAt = nil
                return info
            }
        }

        static func contents(_ bench: FileBench) throws -> [String: [UInt8]] {
            Dictionary(uniqueKeysWithValues: try bench.files.map { ($0, try bench.contents($0)) })
        }

        /// Ends the gateway, and returns the index's bytes once nobody has it open.
        @discardableResult
        func end() async throws -> [UInt8] {
            self.bench.forget()
            while true {
                // Who only reads leaves an empty log behind.
                let log = try? FileManager.default.attributesOfItem(atPath: self.bench.indexPath + "-wal")
                if log?[.size] as? Int ?? 0 == 0, let lock = try? CacheDirectory(path: self.bench.path, processID: 1) {
                    return try withExtendedLifetime(lock) { try self.bench.contents(StreamIndex.fileName) }
                }
                await Task.yield()
            }
        }

        func replaceIndex(_ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: self.bench.indexPath))
        }

        /// Indexes that were kept aside.
        var kept: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: self.bench.path)) ?? [])
                .filter {
                    $0.hasPrefix("\(StreamIndex.fileName).broken-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
                }
        }

        /// Starts, looks through everything, and looks that the streams are what they were.
        ///
        /// - Returns: What was found.
        @discardableResult
        func start() async throws -> [String: Int64] {
            let made = try await self.bench.make()
            try await made.running {}
            let streams = try await Self.streams(made)
            try demand(streams == self.streams, "\(streams) instead of \(self.streams)")
            for info in streams {
                let bytes = try await made.backend.bytes(info.id.rawValue)
                try demand(bytes == IndexDamageTests.bytes, "\(info.id) has other bytes.")
            }
            let disagreements = try made.disagreements()
            try demand(disagreements.isEmpty, "\(disagreements)")
            try demand(try Self.contents(self.bench) == self.files, "A stream's file was touched.")
            let health = await made.backend.health()
            try demand(health.problems.isEmpty, "\(health.problems)")
            return FileBench.findings(health)
        }

        /// Starts until everything is right: what comes to light only in use is mended by the next start, and what is
        /// refused is moved aside by hand, as the message says.
        func startUntilMended() async throws {
            for attempt in 1... {
                do {
                    try await self.start()
                    break
                } catch {
                    try demand(attempt < 3, "\(error)")
                    try demand(try Self.contents(self.bench) == self.files, "A stream's file was touched: \(error)")
                    guard let error = error as? CacheError else { continue }
                    try demand([.configuration, .io].contains(error.code), "\(error)")
                    try demand(error.message.contains(self.bench.path), "\(error)")
                    try FileManager.default.removeItem(atPath: self.bench.indexPath)
                }
            }
        }
    }

    @Test("deleted, it is made again")
    func deleted() async throws {
        let cache = try await Cache()
        try await cache.end()
        try FileManager.default.removeItem(atPath: cache.bench.indexPath)
        #expect(try await cache.start()["recovered_adopted"] == 4)
        #expect(try await cache.start() == [:])
        #expect(cache.kept == [])
    }

    @Test("emptied, it is made again")
    func emptied() async throws {
        let cache = try await Cache()
        try await cache.end()
        try cache.replaceIndex([])
        #expect(try await cache.start()["recovered_adopted"] == 4)
        #expect(try await cache.start() == [:])
    }

    @Test("cut off at any page, or in the middle of one, it is kept aside and made again")
    func truncated() async throws {
        let cache = try await Cache()
        let whole = try await cache.end()
        let pages = whole.count / 4_096
        #expect(pages > 8)
        for length in (1..<pages).map({ $0 * 4_096 }) + [1, 15, 16, 99, 100, 511, 512, 4_095, whole.count - 1] {
            let cut = Array(whole[..<length])
            try cache.replaceIndex(cut)
            let before = cache.kept
            try await cache.startUntilMended()
            let kept = cache.kept.filter { !before.contains($0) }
            // SQLite takes less than a header for no database yet, and a lost byte may be found only in use.
            if length < whole.count - 1, let name = kept.first {
                #expect(try cache.bench.contents(name) == cut, "\(length)")
            } else {
                #expect(length < 512 || length == whole.count - 1, "\(length)")
            }
            #expect(try await cache.start() == [:], "\(length)")
            try await cache.end()
        }
    }

    @Test("overwritten with random bytes, wholly or a page of it, no stream is harmed")
    func randomBytes() async throws {
        let cache = try await Cache()
        let whole = try await cache.end()
        try await checkProperty(runs: 40) { random in
            var bytes = whole
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes = random.bytes(Int.random(in: 1...20_000, using: &random))
            case 1:
                let page = Int.random(in: 0..<whole.count / 4_096, using: &random) * 4_096
                bytes.replaceSubrange(page..<page + 4_096, with: random.bytes(4_096))
            case 2:
                let page = Int.random(in: 0..<whole.count / 4_096, using: &random) * 4_096
                bytes.replaceSubrange(page..<page + 4_096, with: [UInt8](repeating: 0, count: 4_096))
            default:
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    bytes[Int.random(in: 0..<100, using: &random)] = random.bytes(1)[0]
                }
            }
            try cache.replaceIndex(bytes)
            try await cache.startUntilMended()
            try demand(try await cache.start() == [:], "The second start found something.")
            try await cache.end()
        }
    }

    @Test("without its log, or with another's, what the log had is found out from the files")
    func log() async throws {
        for isRemoved in [true, false] {
            let cache = try await Cache()
            try await cache.end()
            // What is stored now is in the log only, as after kill -9.
            let copy = try CrashLog(of: cache.bench)
            do {
                let made = try await cache.bench.make()
                try await made.backend.write("late", [1, 2, 3])
                copy.take("with a log")
            }
            let path = try #require(copy.crashes.first).path
            let log = "\(path)/\(StreamIndex.fileName)-wal"
            #expect(FileManager.default.fileExists(atPath: log))
            try FileManager.default.removeItem(atPath: log)
            if !isRemoved { try Data(repeating: 7, count: 50_000).write(to: URL(filePath: log)) }
            let bench = try FileBench.sqlite(at: path)
            let made = try await bench.make()
            try await made.running {}
            #expect(try await made.backend.names() == ["a", "b", "c", "late", "open"])
            #expect(try await made.backend.bytes("late") == [1, 2, 3])
            #expect(try await made.backend.info(StreamID("late")).sha256 != nil)
            #expect(try made.disagreements() == [])
            withExtendedLifetime(copy) {}
        }
    }

    @Test("made by a newer version, it is refused with what to do, and not touched")
    func newer() async throws {
        let cache = try await Cache()
        try await cache.end()
        do {
            let queue = try DatabaseQueue(path: cache.bench.indexPath)
            try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: of the future')") }
            try queue.close()
        }
        let before = try await cache.end()
        let error = try await failure { _ = try await cache.bench.make() }
        #expect(error.code == .configuration)
        #expect(error.message.contains(cache.bench.indexPath) && error.message.contains("newer version"))
        #expect(try await cache.end() == before)
        #expect(cache.kept == [])
        #expect(try Cache.contents(cache.bench) == cache.files)
        // What the message advises works.
        try FileManager.default.removeItem(atPath: cache.bench.indexPath)
        #expect(try await cache.start()["recovered_adopted"] == 4)
    }

    @Test("held by another process, it is refused with what to do, and used once it is free")
    func locked() async throws {
        let cache = try await Cache()
        try await cache.end()
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let holder = try DatabaseQueue(path: cache.bench.indexPath, configuration: configuration)
        try await holder.write { try $0.execute(sql: "UPDATE stream SET size = size") }
        let error = try await failure { _ = try cache.bench.makeOnce() }
        #expect(error.code == .limit)
        #expect(error.message.contains(cache.bench.indexPath) && error.message.contains("another process"))
        try holder.close()
        try await cache.start()
    }

    @Test("a directory, a link or a pipe in its place is refused, and nothing beyond it is read, written or waited for")
    func otherThings() async throws {
        for make in ["directory", "link", "pipe"] {
            let cache = try await Cache()
            let index = try await cache.end()
            let path = cache.bench.indexPath
            let outside = cache.bench.directory.file("outside")
            try FileManager.default.moveItem(atPath: path, toPath: outside)
            switch make {
            case "directory":
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: outside)
            default: #expect(mkfifo(path, 0o600) == 0)
            }
            let error = try await failure { _ = try await cache.bench.make() }
            #expect(error.code == .io && error.message.contains(StreamIndex.fileName), "\(make): \(error)")
            #expect(Array(try Data(contentsOf: URL(filePath: outside))) == index)
        }
    }

    @Test("found to be damaged while it is used, that is told, and the next start makes it again")
    func damagedWhileUsed() async throws {
        let cache = try await Cache()
        do {
            let made = try await cache.bench.make()
            try made.index.fail(.SQLITE_CORRUPT)
            let error = try await failure { try await made.backend.write("new", [1]) }
            #expect(error.code == .io && error.message.contains("Start the gateway again"))
            #expect(await made.backend.health().problems.contains { $0.contains(cache.bench.indexPath) })
            // What is there is served all the same.
            #expect(try await made.backend.bytes("a") == Self.bytes)
            try made.index.fail(nil)
        }
        #expect(try await cache.start()["recovered_adopted"] == 4)
        #expect(cache.kept.count == 1)
        #expect(try await cache.start() == [:])
    }
}
