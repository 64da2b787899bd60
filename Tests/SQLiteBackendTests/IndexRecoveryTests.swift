import CacheProtocol
import FileBackendSupport
import FileStorage
import Testing

@testable import SQLiteBackend

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("What a start makes of files without rows, and of rows without files")
struct IndexRecoveryTests {
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
