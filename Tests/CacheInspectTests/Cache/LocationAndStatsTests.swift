import CacheInspect
import CacheProtocol
import Foundation
import TestSupport
import Testing

@Suite("A cache is found where it was said to be, and counted")
struct LocationAndStatsTests {
    private func write(_ text: String, in directory: TemporaryDirectory) throws -> String {
        let path = directory.file("config.json")
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test("by the index, by the directory, and by a gateway's configuration")
    func found() throws {
        let cache = try TestCache()
        let index = cache.directory.file("index.sqlite")
        #expect(try CacheLocation(database: index).directory == cache.directory.path)
        #expect(try CacheLocation(database: index).index == index)
        #expect(try CacheLocation(directory: cache.directory.path).index == index)
        let config = try self.write(
            """
            {"listen": {"port": 1}, "backend": {"type": "sqlite", "directory": "\(cache.directory.path)",
             "maxBytes": 1000, "minFreeBytes": 7, "somethingNew": true}}
            """,
            in: cache.directory
        )
        let location = try CacheLocation(config: config)
        #expect(location.index == index)
        #expect(location.maximumBytes == 1_000)
        #expect(location.minimumFreeBytes == 7)
    }

    @Test("a gateway with tiers has its cache where its hot tier is")
    func tiered() throws {
        let cache = try TestCache()
        let config = try self.write(
            """
            {"backend": {"type": "tiered", "ledger": "l.sqlite",
             "hot": {"type": "sqlite", "directory": "\(cache.directory.path)", "maxBytes": 1000},
             "cold": {"type": "s3", "endpoint": "https://store", "bucket": "b"}}}
            """,
            in: cache.directory
        )
        let location = try CacheLocation(config: config)
        #expect(location.directory == cache.directory.path && location.index != nil)
        #expect(location.maximumBytes == 1_000)
        #expect(try TierLocation(config: config)?.ledger == "l.sqlite")
        let plain = try self.write(#"{"backend": {"type": "mmap", "directory": "d"}}"#, in: cache.directory)
        #expect(try TierLocation(config: plain) == nil)
        let files = try self.write(
            #"{"backend": {"type": "tiered", "ledger": "l", "cold": {"type": "mmap", "directory": "d"}}}"#,
            in: cache.directory
        )
        #expect(try TierLocation(config: files)?.directory == "d")
        let wrong = try self.write(
            #"{"backend": {"type": "tiered", "ledger": "l", "cold": {"type": "s3", "endpoint": "https://store"}}}"#,
            in: cache.directory
        )
        let error = #expect(throws: InspectError.self) { try TierLocation(config: wrong) }
        #expect(error?.code == .configuration && error?.description.contains("backend.cold.bucket") == true)
    }

    @Test("what is not there is code 66 and says what to do")
    func absent() throws {
        let directory = try TemporaryDirectory()
        let config = try self.write(
            #"{"backend": {"type": "sqlite", "directory": "\#(directory.path)"}}"#,
            in: directory
        )
        let memory = try TemporaryDirectory()
        let memoryConfig = try self.write(#"{"backend": {"type": "memory"}}"#, in: memory)
        let attempts: [() throws -> Void] = [
            { _ = try CacheLocation(database: directory.file("index.sqlite")) },
            { _ = try CacheLocation(config: directory.file("nothing.json")) },
            { _ = try CacheLocation(config: config) },
            { _ = try CacheLocation(config: memoryConfig) },
            { _ = try CacheInspector(try CacheLocation(directory: directory.file("nothing"))) },
        ]
        for attempt in attempts {
            let error = #expect(throws: InspectError.self) { try attempt() }
            #expect(error?.code == .noIndex)
            #expect(error?.remedy.isEmpty == false)
        }
        #expect(directory.contents == ["config.json"])
    }

    @Test("a file that is no index is an error, and stays as it was")
    func notAnIndex() throws {
        let directory = try TemporaryDirectory()
        let text = Data(String(repeating: "this is no database\n", count: 100).utf8)
        try text.write(to: URL(filePath: directory.file("index.sqlite")))
        let location = try CacheLocation(directory: directory.path)
        for access in [CacheInspector.Access.read, .update] {
            let error = #expect(throws: InspectError.self) { _ = try CacheInspector(location, access: access) }
            #expect(error?.code == .io)
        }
        #expect(try Data(contentsOf: URL(filePath: directory.file("index.sqlite"))) == text)
    }

    @Test("a configuration that is none, or two places at once, is refused")
    func wrong() throws {
        let directory = try TemporaryDirectory()
        let config = try self.write("{\"backend\": 3}", in: directory)
        let error = #expect(throws: InspectError.self) { try CacheLocation(config: config) }
        #expect(error?.code == .configuration)
        let both = #expect(throws: InspectError.self) { try CacheLocation(database: "a", directory: "b") }
        #expect(both?.code == .usage)
    }

    @Test("statistics count every stream once in each histogram", arguments: [true, false])
    func statistics(_ hasIndex: Bool) throws {
        let cache = try TestCache(hasIndex: hasIndex)
        try cache.add("a")
        try cache.add("b", .long)
        try cache.add("c", .empty, state: .suspended)
        let statistics = try cache.inspector(.read).statistics()
        let document = try JSONSerialization.jsonObject(with: Data(try statistics.json().utf8)) as? [String: Any]
        let all = document?["all"] as? [String: Int]
        #expect(all == ["streams": 3, "bytes": 2_500_003])
        func streams(_ key: String) -> Int {
            ((document?[key] as? [[String: Any]]) ?? []).reduce(0) { $0 + ($1["streams"] as? Int ?? 0) }
        }
        #expect(streams("sizes") == 3)
        #expect(streams("agesMilliseconds") == 3)
        #expect(streams("idleMilliseconds") == 2)
        for width in [40, 80, 200] {
            let lines = statistics.lines(width: width)
            #expect(lines.contains { $0.contains("1M to 4M") && $0.contains("█") })
            #expect(lines.filter { $0.contains("█") }.allSatisfy { $0.count <= width })
        }
    }

    @Test("the budget is shown with how much of it is used")
    func budget() throws {
        let cache = try TestCache()
        try cache.add("a", .long)
        var location = try CacheLocation(directory: cache.directory.path)
        location.maximumBytes = 10_000_000
        let lines = try CacheInspector(location).statistics().lines(width: 80)
        #expect(lines.contains("budget  2.4M of 9.5M (25.0%)"))
    }
}
