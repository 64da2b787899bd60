import CacheInspect
import CacheProtocol
import Foundation
import SQLiteBackend
import TestSupport
import Testing

/// Whatever the files are: an answer, or an error with a code and a sentence; and nothing written by who only looks.
@Suite("Any file as an index, as a stream and as a configuration")
struct AnyFileTests {
    /// An index with some rows, and the files of some of them.
    private static func cache() throws -> (TestCache, [UInt8]) {
        let cache = try TestCache()
        for number in 0..<40 { try cache.add("s\(number)", number % 3 == 0 ? .empty : .short) }
        try cache.add("open", .short, state: .suspended)
        try cache.addRow(try TestCache.row("lost"))
        try #require(cache.index).close()
        return (cache, try cache.bytes(of: StreamIndex.fileName))
    }

    /// Everything that only looks, and everything that also remembers.
    private static func look(at directory: String) async throws {
        func attempt(_ body: () async throws -> Void) async throws {
            do {
                try await body()
            } catch let error as InspectError {
                try #require(!error.sentence.isEmpty)
            }
        }
        for access in [CacheInspector.Access.read, .update] {
            try await attempt {
                let inspector = try CacheInspector(try CacheLocation(directory: directory), access: access)
                for sort in ListOptions.Sort.allCases {
                    try await attempt {
                        var options = ListOptions()
                        options.sort = sort
                        try inspector.list(options, as: .table(width: 80)) { _ in }
                    }
                }
                try await attempt { _ = try inspector.statistics().lines(width: 80) }
                try await attempt { _ = try inspector.details(try StreamID("s1")) }
                try await attempt { _ = try await inspector.verify(VerifyOptions()) { _ in } }
                try await attempt { _ = try await inspector.repair(RepairOptions()) }
            }
        }
    }

    @Test("an index with any bytes changed, cut or made up is answered or refused, and no stream is touched")
    func anyIndex() async throws {
        let (cache, index) = try Self.cache()
        let names = cache.directory.contents.filter { $0.hasSuffix(".audio") || $0.hasSuffix(".part") }
        let files = try names.map { try cache.bytes(of: $0) }
        try await checkProperty(runs: 150) { random in
            var bytes = index
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes = random.bytes(Int.random(in: 0...10_000, using: &random))
            case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 2:
                for _ in 0..<Int.random(in: 1...200, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = random.bytes(1)[0]
                }
            case 3:
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    bytes[Int.random(in: 0..<100, using: &random)] = random.bytes(1)[0]
                }
            default:
                let page = Int.random(in: 0..<bytes.count / 4_096, using: &random) * 4_096
                bytes.replaceSubrange(page..<page + 4_096, with: random.bytes(4_096))
            }
            for suffix in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: cache.directory.file(StreamIndex.fileName + suffix))
            }
            try cache.addFile(StreamIndex.fileName, bytes)
            try await Self.look(at: cache.directory.path)
            for (name, before) in zip(names, files) {
                let after = try cache.bytes(of: name)
                try #require(after == before, "\(name) was touched")
            }
        }
    }

    @Test("any bytes as a configuration are read or refused")
    func anyConfiguration() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("config.json")
        let whole = Array(#"{"backend": {"type": "sqlite", "directory": "cache", "maxBytes": 5}}"#.utf8)
        try checkProperty(runs: 500) { random in
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = random.bytes(1)[0]
            }
            try Data(bytes).write(to: URL(filePath: path))
            do {
                _ = try CacheLocation(config: path)
            } catch let error as InspectError {
                try #require(error.code == .configuration || error.code == .noIndex)
            }
        }
    }
}
