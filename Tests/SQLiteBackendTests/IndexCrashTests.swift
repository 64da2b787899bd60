import CacheProtocol
import FileBackendSupport
import FileStorage
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

@Suite("A process that ends at any moment")
struct IndexCrashTests {
    /// A life, with a copy taken in every file call that changes something, and before every commit of the index.
    private static func record(_ log: CrashLog, _ bench: FileBench) async throws {
        let made = try await bench.make()
        bench.calls.hook { call, path in if call.isChange { log.take("\(call.rawValue) \(path)") } }
        try made.index.beforeCommit { log.take("the index's commit") }
        try await log.live(made)
        bench.calls.hook(nil)
        try made.index.beforeCommit(nil)
    }

    @Test("ended in any file call or before any commit, everything promised is there, and index and files agree")
    func anyMoment() async throws {
        let bench = try FileBench.sqlite()
        let log = try CrashLog(of: bench)
        try await Self.record(log, bench)
        #expect(log.crashes.count > 30)
        #expect(log.crashes.contains { $0.moment.hasSuffix("the index's commit") })
        for crash in log.crashes { try await crash.examine { try FileBench.sqlite(at: $0) } }
    }

    @Test("ended again while it mends what an end has left, it comes to the same, however often")
    func endedWhileMending() async throws {
        let bench = try FileBench.sqlite()
        let first = try CrashLog(of: bench)
        try await Self.record(first, bench)
        try await checkProperty(runs: 3) { random in
            var crash = try #require(first.crashes.randomElement(using: &random))
            // The copies go with their logs.
            var logs = [first]
            for depth in 1...20 {
                let ledger = crash.ledger
                var next: CrashLog?
                try await crash.examine { bench, made in
                    let log = try next ?? CrashLog(of: bench, ledger: ledger)
                    next = log
                    bench.calls.hook { call, path in
                        if call.isChange { log.take("mending \(depth), \(call.rawValue) \(path)") }
                    }
                    try made?.index.beforeCommit { log.take("mending \(depth), the index's commit") }
                } _: {
                    try FileBench.sqlite(at: $0)
                }
                guard let next, let following = next.crashes.randomElement(using: &random) else { break }
                logs.append(next)
                crash = following
            }
            withExtendedLifetime(logs) {}
        }
    }

    @Test("a file that was renamed without its row is sealed, and a row that says so without the renaming renames it")
    func renamedOrCommitted() async throws {
        let bench = try FileBench.sqlite()
        do {
            let made = try await bench.make()
            for name in ["renamed", "committed", "cut"] { try await made.backend.write(name, [1, 2, 3]) }
            var row = try #require(try made.index.stream(StreamID("renamed")))
            row.state = .suspended
            row.sealedAt = nil
            row.sha256 = nil
            row.file = "renamed.part"
            try made.index.put([row])
        }
        // What a power cut leaves: the index's commit reached the device, the directory's change did not.
        for name in ["committed", "cut"] {
            try FileManager.default.moveItem(atPath: bench.file("\(name).audio"), toPath: bench.file("\(name).part"))
        }
        #expect(truncate(bench.file("cut.part"), 2) == 0)
        let made = try await bench.make()
        try await made.running {}
        #expect(
            FileBench.findings(await made.backend.health())
                == ["recovered_sealed": 1, "recovered_renamed": 1, "recovered_unsealed": 1]
        )
        #expect(try made.disagreements() == [])
        for name in ["renamed", "committed"] {
            let info = try await made.backend.info(StreamID(name))
            #expect(info.state == .sealed && info.size == 3 && info.sha256 != nil)
            #expect(try await made.backend.bytes(name) == [1, 2, 3])
        }
        // It is not whole, so it is not sealed; what there is of it is kept.
        let cut = try await made.backend.info(StreamID("cut"))
        #expect(cut.state == .suspended && cut.size == 2)
        #expect(try await made.backend.bytes("cut") == [1, 2])
    }

    @Test("files without rows get them, rows without files are said to be missing until the files are there again")
    func strays() async throws {
        let bench = try FileBench.sqlite()
        do {
            let made = try await bench.make()
            let options = WriteOptions(contentType: "audio/x", timeToLiveSeconds: 60, metadata: ["k": "v"])
            for name in ["adopted", "lost", "kept"] { try await made.backend.write(name, [1, 2, 3], options) }
            try made.index.forget([StreamID("adopted")])
        }
        let away = bench.directory.file("away")
        try FileManager.default.moveItem(atPath: bench.file("lost.audio"), toPath: away)
        try Data([9]).write(to: URL(filePath: bench.file("foreign.audio")))
        func start(_ findings: [String: Int64], _ names: [String]) async throws {
            let made = try await bench.make()
            try await made.running {}
            #expect(FileBench.findings(await made.backend.health()) == findings)
            #expect(try await made.backend.names() == names)
            #expect(try made.disagreements() == [])
        }
        try await start(["recovered_adopted": 2, "recovered_missing": 1], ["adopted", "foreign", "kept"])
        do {
            let made = try await bench.make()
            let info = try await made.backend.info(StreamID("adopted"))
            #expect(info.contentType == "audio/x" && info.metadata == ["k": "v"] && info.timeToLiveSeconds == 60)
            #expect(info.sha256 != nil && info.state == .sealed)
            #expect(try made.index.stream(StreamID("adopted"))?.expiresAt == info.sealedAt?.advanced(bySeconds: 60))
            let error = try await failure { _ = try await made.backend.info(StreamID("lost")) }
            #expect(error.code == .streamNotFound)
            // The row is kept for whoever looks for the loss.
            #expect(try made.index.stream(StreamID("lost"))?.state == .missing)
        }
        try await start([:], ["adopted", "foreign", "kept"])
        try FileManager.default.moveItem(atPath: away, toPath: bench.file("lost.audio"))
        try await start(["recovered_returned": 1], ["adopted", "foreign", "kept", "lost"])
        try await start([:], ["adopted", "foreign", "kept", "lost"])
    }

    @Test(
        "a file that goes while the gateway runs is not found, and its row says so, until the stream is written again"
    )
    func goesWhileRunning() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        try await made.backend.write("a", [1, 2, 3])
        try FileManager.default.removeItem(atPath: bench.file("a.audio"))
        let error = try await failure { _ = try await made.backend.bytes("a") }
        #expect(error.code == .streamNotFound)
        #expect(try made.index.stream(StreamID("a"))?.state == .missing)
        #expect(try await made.backend.names() == [])
        try await made.backend.write("a", [4])
        #expect(try await made.backend.bytes("a") == [4])
        #expect(try made.disagreements() == [])
    }
}
