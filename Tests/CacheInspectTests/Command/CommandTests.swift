import CacheInspect
import CacheProtocol
import Foundation
import ObjectStoreSupport
import SQLiteBackend
import TestSupport
import Testing

@Suite("The program does what its help says, exit codes and all")
struct CommandTests {
    struct Outcome {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs `cache-inspect` as it was built beside these tests.
    private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        let directory = try TemporaryDirectory()
        let (output, errors) = (directory.file("out"), directory.file("err"))
        for path in [output, errors] { #expect(FileManager.default.createFile(atPath: path, contents: nil)) }
        let process = Process()
        process.executableURL = try CommandProcess.program("cache-inspect")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        let (ended, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = {
            continuation.yield($0.terminationStatus)
            continuation.finish()
        }
        try process.run()
        var code: Int32 = -1
        for await status in ended { code = status }
        return Outcome(
            code: code,
            output: try String(contentsOf: URL(filePath: output), encoding: .utf8),
            errors: try String(contentsOf: URL(filePath: errors), encoding: .utf8)
        )
    }

    @Test("verify ends with 0 where all is good, 1 where something is wrong, 66 where there is no index")
    func verify() async throws {
        let cache = try TestCache()
        try cache.add("a", .long)
        try cache.add("b")
        let place = ["--directory", cache.directory.path]
        let good = try await self.run(["verify"] + place)
        #expect(good.code == 0, "\(good)")
        #expect(good.output.contains("2 checked"))
        try cache.flipBit(of: "b.audio", at: 1)
        let bad = try await self.run(["verify"] + place)
        #expect(bad.code == 1, "\(bad)")
        #expect(bad.output.contains("digest differs: b\n"))
        #expect(bad.output.contains("  expected  ba7816bf"))
        let one = try await self.run(["verify", "a", "--json"] + place)
        #expect(one.code == 0, "\(one)")
        for line in one.output.split(separator: "\n") {
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        }
        #expect(one.output.split(separator: "\n").last?.contains("\"event\":\"summary\"") == true)
        let none = try await self.run(["verify", "--db", cache.directory.file("no.sqlite")])
        #expect(none.code == 66, "\(none)")
        #expect(none.errors.contains("no.sqlite"))
        #expect(none.output.isEmpty)
    }

    @Test("list, show, stats and export answer, and a table keeps to COLUMNS")
    func answers() async throws {
        let cache = try TestCache()
        try cache.add("s-\(String(repeating: "x", count: 90))", .long)
        try cache.add("talk")
        let place = ["--directory", cache.directory.path]
        let list = try await self.run(["list"] + place, environment: ["COLUMNS": "72"])
        #expect(list.code == 0, "\(list)")
        #expect(list.output.split(separator: "\n").allSatisfy { $0.count <= 72 })
        #expect(list.output.contains("…"))
        let json = try await self.run(["list", "--json", "--state", "sealed", "--prefix", "talk"] + place)
        #expect(json.code == 0)
        let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect((document?["streams"] as? [Any])?.count == 1)
        let show = try await self.run(["show", "talk"] + place)
        #expect(show.code == 0 && show.output.contains("SHA-256"), "\(show)")
        let stats = try await self.run(["stats"] + place)
        #expect(stats.code == 0 && stats.output.contains("█"), "\(stats)")
        let export = try await self.run(["export", "talk", cache.directory.file("out")] + place)
        #expect(export.code == 0, "\(export)")
        #expect(try cache.bytes(of: "out") == Array("abc".utf8))
    }

    @Test("wrong usage is 64, an unknown stream 1, a gateway in the way 75")
    func failures() async throws {
        let cache = try TestCache()
        try cache.addRow(try TestCache.row("row", state: .suspended))
        let place = ["--directory", cache.directory.path]
        for arguments in [
            ["verify", "--sample", "5"], ["verify", "--sample", "8/7"], ["list", "--limit", "-1"],
            ["list", "--sort", "x"],
            ["show", "../x"], ["list", "--json", "--csv"], ["nonsense"],
        ] {
            let outcome = try await self.run(arguments + (arguments == ["nonsense"] ? [] : place))
            // "5" is a sample of five bytes.
            let expected: Int32 = arguments == ["verify", "--sample", "5"] ? 1 : 64
            #expect(outcome.code == expected, "\(arguments): \(outcome)")
        }
        let unknown = try await self.run(["show", "nobody"] + place)
        #expect(unknown.code == 1, "\(unknown)")
        let dry = try await self.run(["repair"] + place)
        #expect(dry.code == 1 && dry.output.contains("orphan row: row"), "\(dry)")
        let held = try cache.hold()
        let busy = try await self.run(["repair", "--apply"] + place)
        #expect(busy.code == 75, "\(busy)")
        held.release()
        let applied = try await self.run(["repair", "--apply"] + place)
        #expect(applied.code == 0, "\(applied)")
        #expect(try cache.row(of: "row") == nil)
    }

    @Test("verify --tier cold has verify's exit codes, 74 where the store is away, 78 where it lets nobody in")
    func verifyCold() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["a": [1, 2, 3], "b": [4, 5, 6]])
        let place = ["verify", "--tier", "cold", "--config", try bench.config()]
        let good = try await self.run(place, environment: ColdBench.environment)
        #expect(good.code == 0 && good.output.contains("2 checked") && good.output.contains("2 digests"), "\(good)")
        bench.flipBit(of: "b", at: 1)
        let bad = try await self.run(place, environment: ColdBench.environment)
        #expect(bad.code == 1 && bad.output.contains("digest differs: b\n"), "\(bad)")
        let one = try await self.run(place + ["a", "--json"], environment: ColdBench.environment)
        #expect(one.code == 0, "\(one)")
        for line in one.output.split(separator: "\n") {
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        }
        let refused = try await self.run(
            place,
            environment: ["AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "not-the-secret"]
        )
        #expect(refused.code == 78 && refused.errors.contains("Check the access key"), "\(refused)")
        #expect(!refused.errors.contains("not-the-secret"))
        await bench.store.kill()
        let away = try await self.run(place, environment: ColdBench.environment)
        #expect(away.code == 74 && away.output.isEmpty, "\(away)")
        let wrong = [
            ["verify", "--tier", "cold"], place + ["--not-verified-since", "1d"], ["verify", "--tier", "x"],
        ]
        for arguments in wrong {
            #expect(try await self.run(arguments).code == 64, "\(arguments)")
        }
    }

    @Test(
        "every command's help names the exit codes",
        arguments: ["list", "verify", "show", "stats", "repair", "export"]
    )
    func help(_ command: String) async throws {
        let outcome = try await self.run([command, "--help"])
        #expect(outcome.code == 0)
        let text = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for phrase in ["0 all is good", "66 there is no index", "130 interrupted"] { #expect(text.contains(phrase)) }
    }
}
