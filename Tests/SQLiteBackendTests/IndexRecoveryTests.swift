import CacheProtocol
import FileBackendSupport
import FileStorage
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteBackend

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("What a start makes of files without rows, and of rows without files")
struct IndexRecoveryTests {
    @Test("files that the index does not know are taken in many to a transaction, and can be written meanwhile")
    func manyStrangers() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        for number in 0..<2_500 {
            try Data([1, 2, 3]).write(to: URL(filePath: bench.file("stranger-\(number).audio")))
        }
        let commits = Mutex(0)
        try made.index.beforeCommit { commits.withLock { $0 += 1 } }
        try await made.running {
            #expect(commits.withLock { $0 } <= 30)
            #expect(FileBench.findings(await made.backend.health()) == ["recovered_adopted": 2_500])
            #expect(try made.disagreements() == [])
            #expect(try await made.backend.bytes("stranger-2499") == [1, 2, 3])
            try await made.backend.write("stranger-7", [4], WriteOptions(mode: .overwrite))
            #expect(await made.backend.health().gauges["streams"] == 2_500)
        }
    }

    /// Found by killing a gateway at every call of its first start.
    @Test("an index that was being made when the process was killed is made anew, with what there is")
    func killedWhileMaking() async throws {
        let bench = try FileBench.sqlite()
        do {
            let made = try await bench.make()
            try await made.running { try await made.backend.write("a", [1, 2, 3]) }
        }
        bench.forget()
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: bench.file("index.sqlite\(suffix)"))
        }
        try self.leaveHotJournal(at: bench.file("index.sqlite"), by: bench.directory.file("elsewhere.sqlite"))
        let again = try await bench.make()
        try await again.running {
            let bytes = try await again.backend.bytes("a")
            #expect(bytes == [1, 2, 3])
            #expect(try again.disagreements() == [])
        }
    }

    /// Leaves an index as a process does that ends in the middle of a transaction with a rollback journal.
    private func leaveHotJournal(at path: String, by other: String) throws {
        let queue = try DatabaseQueue(path: other)
        try queue.inDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; CREATE TABLE t (x)")
            try db.execute(sql: "BEGIN")
            for _ in 0..<200 { try db.execute(sql: "INSERT INTO t VALUES (randomblob(4000))") }
            for suffix in ["", "-journal"] {
                try FileManager.default.copyItem(atPath: other + suffix, toPath: path + suffix)
            }
            try db.execute(sql: "ROLLBACK")
        }
    }

    @Test("one stranger that can't be looked at keeps none of the others out")
    func oneStuck() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        for number in 0..<20 { try Data([1]).write(to: URL(filePath: bench.file("s\(number).audio"))) }
        try FileManager.default.createDirectory(atPath: bench.file("stuck.audio"), withIntermediateDirectories: false)
        try await made.running {
            let health = await made.backend.health()
            #expect(FileBench.findings(health) == ["recovered_adopted": 20])
            #expect(health.gauges["recovery_problems"] == 1)
        }
    }

    /// Found by cutting the power: the index had the commit of a stream that had taken the name of another one, whose file
    /// was there again.
    @Test("a sealed stream of which there is the file of an earlier one is refused, and not served as that one")
    func earlierFile() async throws {
        let bench = try FileBench.sqlite()
        let made = try await bench.make()
        try await made.backend.write("a", [1, 2, 3])
        var row = try #require(try made.index.stream(StreamID("a")))
        row.size = 5
        try made.index.put([row])
        let error = try await failure { _ = try await made.backend.bytes("a") }
        #expect(error.code == .io && error.message.contains("has 3 bytes, but 5 were sealed"))
        try await made.backend.remove(StreamID("a"))
        try await made.backend.write("a", [4, 5])
        #expect(try await made.backend.bytes("a") == [4, 5])
    }

    /// Found by cutting the power: the index and the file's length were on the device, and the bytes were not.
    @Test("an unfinished stream that was not flushed as far as its row says is listed as far as it was")
    func unfinishedBeyondFlush() async throws {
        let bench = try FileBench.sqlite()
        do {
            let made = try await bench.make { $0.durability = .power }
            try await made.backend.writeAndDrop("a", [1, 2, 3])
            try await made.backend.settle("a")
            var row = try #require(try made.index.stream(StreamID("a")))
            row.size = 5
            try made.index.put([row])
        }
        try Data([1, 2, 3, 0, 0]).write(to: URL(fileURLWithPath: bench.file("a.part")), options: [])
        let calls = POSIXFileCalls()
        let file = try calls.open("a.part", in: try calls.openDirectory(bench.path), .update)
        try calls.setAttribute("user.audiocache.flushed", to: Array("boot-0 3".utf8), of: file)
        bench.calls.reboot()
        let made = try await bench.make { $0.durability = .power }
        try await made.running {
            #expect(FileBench.findings(await made.backend.health()) == ["recovered_resized": 1])
            let page = try await made.backend.streams(matching: StreamFilter(), after: nil, limit: 10)
            #expect(page.streams.map(\.size) == [3])
            #expect(try await made.backend.bytes("a") == [1, 2, 3])
            #expect(try made.disagreements() == [])
        }
    }

    /// A power cut may keep the index's commit and lose the file's entry in the directory.
    @Test("an unfinished stream whose file is gone is told of and listed no more, and its name is free")
    func unfinishedWithoutFile() async throws {
        let bench = try FileBench.sqlite()
        do {
            let made = try await bench.make()
            try await made.backend.write("kept", [1, 2, 3])
            for name in ["dropped", "live"] { try await made.backend.writeAndDrop(name, [1, 2, 3]) }
            var row = try #require(try made.index.stream(StreamID("live")))
            row.state = .live
            try made.index.put([row])
        }
        for name in ["dropped", "live"] { try FileManager.default.removeItem(atPath: bench.file("\(name).part")) }
        do {
            let made = try await bench.make()
            try await made.running {
                let health = await made.backend.health()
                #expect(FileBench.findings(health) == ["recovered_missing": 2])
                #expect(health.gauges["streams"] == 1 && health.gauges["used_bytes"] == 3)
                #expect(try await made.backend.names() == ["kept"])
                #expect(try made.disagreements() == [])
                let error = try await failure { _ = try await made.backend.info(StreamID("dropped")) }
                #expect(error.code == .streamNotFound)
                try await made.backend.write("dropped", [9])
            }
            #expect(try made.index.stream(StreamID("dropped"))?.state == .sealed)
        }
        let made = try await bench.make()
        try await made.running {
            #expect(FileBench.findings(await made.backend.health()) == [:])
            let names = try await made.backend.names()
            #expect(names == ["dropped", "kept"])
        }
    }
}
