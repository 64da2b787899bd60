import CacheProtocol
import Foundation
import SQLiteBackend
import TestSupport
import Testing

/// What takes long is far longer than any machine needs to take a signal.
@Suite("A command that is interrupted ends at once, with 130", .timeLimit(.minutes(5)))
struct InterruptionTests {
    @Test("an export leaves nothing under the file's name, and says so", arguments: [SIGINT, SIGTERM])
    func export(_ signal: Int32) async throws {
        let cache = try TestCache(hasIndex: false)
        try cache.addFile("long.audio", [])
        let handle = try FileHandle(forUpdating: URL(filePath: cache.directory.file("long.audio")))
        try handle.truncate(atOffset: 8 << 30)
        try handle.close()
        let target = try TemporaryDirectory()
        let inspector = try CommandProcess(
            "cache-inspect",
            ["export", "long", target.file("out"), "--directory", cache.directory.path]
        )
        inspector.send(signal) { _ in !target.contents.isEmpty }
        #expect(await inspector.status() == 130, "\(inspector.errors)")
        #expect(target.contents.isEmpty)
        #expect(inspector.errors.contains("Interrupted when "), "\(inspector.errors)")
        #expect(inspector.output.isEmpty)
    }

    @Test("a repair says how far it has got")
    func repair() async throws {
        let cache = try TestCache()
        let count = 100_000
        let rows = try (0..<count).map { try TestCache.row("row-\($0)", state: .suspended) }
        try #require(cache.index).put(rows)
        let inspector = try CommandProcess("cache-inspect", ["repair", "--directory", cache.directory.path])
        inspector.send(SIGINT) { !$0.output.isEmpty }
        #expect(await inspector.status() == 130, "\(inspector.errors)")
        let lines = inspector.output.split(separator: "\n")
        #expect(lines.count > 1 && lines.count < count)
        #expect(lines.last?.contains("Interrupted before all was looked at") == true, "\(lines.last ?? "")")
    }
}
