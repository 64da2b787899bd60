import CacheInspect
import CacheProtocol
import Dispatch
import SQLiteBackend
import Synchronization
import TestSupport
import Testing

@Suite("Repairing makes the index agree with the files, and never touches a file")
struct RepairTests {
    /// A cache with one of each fault.
    private func damaged() throws -> TestCache {
        let cache = try TestCache()
        try cache.add("good")
        try cache.add("gone")
        try cache.remove("gone.audio")
        try cache.addRow(try TestCache.row("row", state: .suspended))
        try cache.addFile("stranger.audio", Array("abc".utf8))
        try cache.setModified(TestCache.start, of: "stranger.audio")
        try cache.addRow(try TestCache.row("ahead", state: .suspended))
        try cache.addFile("ahead.audio", Array("abc".utf8))
        try cache.addRow(try TestCache.row("cut", state: .suspended))
        try cache.addFile("cut.part", Array("a".utf8))
        try cache.add("resized")
        try cache.addFile("resized.audio", Array("abcd".utf8))
        return cache
    }

    private func repair(
        _ cache: TestCache,
        _ change: (inout RepairOptions) -> Void = { _ in }
    ) async throws -> (summary: RepairSummary, steps: [String: RepairStep]) {
        var options = RepairOptions()
        change(&options)
        let steps = Mutex<[String: RepairStep]>([:])
        let summary = try await cache.inspector().repair(options) { step in
            steps.withLock { $0[step.id.rawValue] = step }
        }
        return (summary, steps.withLock { $0 })
    }

    @Test("a lost stream's file that is back is what its row knows, digest and all, or it is told that it is another")
    func returned() async throws {
        for isSame in [true, false] {
            let cache = try TestCache()
            let before = try cache.add("a")
            try cache.remove("a.audio")
            _ = try await self.repair(cache) { $0.isApplied = true }
            #expect(try cache.row(of: "a")?.state == .missing)
            // As a copy without extended attributes.
            let bytes = TestCache.Content.short.bytes
            try cache.addFile("a.audio", isSame ? bytes : bytes.dropLast())
            let (summary, _) = try await self.repair(cache) { $0.isApplied = true }
            #expect(summary.mended == (isSame ? 1 : 0) && summary.left == (isSame ? 0 : 1))
            let row = try #require(try cache.row(of: "a"))
            #expect(row.state == (isSame ? .sealed : .missing))
            #expect(row.size == before.size && row.sha256 == before.sha256 && row.createdAt == before.createdAt)
        }
    }

    @Test("a dry run says what it would do, and does nothing")
    func dry() async throws {
        let cache = try self.damaged()
        let before = try #require(cache.index).streams()
        let (files, contents) = (cache.directory.contents, try self.contents(cache))
        let (summary, steps) = try await self.repair(cache)
        #expect(summary.exitCode == 1)
        #expect(
            steps.mapValues(\.fault) == [
                "gone": .missingFile, "row": .orphanRow, "stranger": .orphanFile, "ahead": .stateDiffers,
                "cut": .sizeDiffers, "resized": .sizeDiffers,
            ]
        )
        #expect(steps.filter { !$0.value.isMendable }.map(\.key) == ["resized"])
        #expect(try #require(cache.index).streams() == before)
        #expect(cache.directory.contents == files)
        #expect(try self.contents(cache) == contents)
    }

    @Test("applied, everything that can agree does, and all bytes are still there")
    func applied() async throws {
        let cache = try self.damaged()
        let contents = try self.contents(cache)
        let (summary, _) = try await self.repair(cache) { $0.isApplied = true }
        #expect(summary.mended == 5)
        #expect(summary.left == 1)
        #expect(summary.exitCode == 1)
        #expect(try cache.row(of: "row") == nil)
        #expect(try cache.row(of: "gone")?.state == .missing)
        #expect(try cache.row(of: "stranger")?.state == .sealed)
        #expect(try cache.row(of: "ahead")?.state == .sealed)
        #expect(try cache.row(of: "cut")?.size == 1)
        #expect(try self.contents(cache) == contents)
        let again = try await self.repair(cache).steps
        #expect(Set(again.keys) == ["gone", "resized"])
        #expect(again.values.allSatisfy { !$0.isMendable })
    }

    @Test("lost streams are forgotten where that is wanted")
    func forgotten() async throws {
        let cache = try self.damaged()
        _ = try await self.repair(cache) {
            $0.isApplied = true
            $0.forgetsMissing = true
        }
        #expect(try cache.row(of: "gone") == nil)
    }

    @Test("an unfinished stream whose file a power cut has taken is forgotten, also after a start has marked it")
    func unfinishedWithoutFile() async throws {
        let cache = try TestCache()
        try cache.addRow(try TestCache.row("unseen", state: .suspended))
        var marked = try TestCache.row("marked", state: .suspended)
        marked.state = .missing
        try cache.addRow(marked)
        // Of a sealed stream bytes are lost, which is not to be forgotten for the asking.
        var lost = try TestCache.row("lost")
        lost.state = .missing
        try cache.addRow(lost)
        let (summary, steps) = try await self.repair(cache) { $0.isApplied = true }
        #expect(steps.mapValues(\.fault) == ["unseen": .orphanRow, "marked": .orphanRow, "lost": .missingFile])
        #expect(summary.mended == 2 && summary.left == 1)
        #expect(try cache.row(of: "unseen") == nil)
        #expect(try cache.row(of: "marked") == nil)
        #expect(try cache.row(of: "lost")?.state == .missing)
    }

    @Test("while a gateway is at work nothing is changed, and a dry run still speaks")
    func held() async throws {
        let cache = try self.damaged()
        let held = try cache.hold()
        let before = try #require(cache.index).streams()
        var options = RepairOptions()
        options.isApplied = true
        let (inspector, applied) = (try cache.inspector(), options)
        let error = await #expect(throws: InspectError.self) { try await inspector.repair(applied) }
        #expect(error?.code == .busy)
        #expect(try #require(cache.index).streams() == before)
        #expect(try await self.repair(cache).summary.mended == 5)
        held.release()
    }

    @Test("a cache in which everything agrees needs nothing, gateway or not")
    func nothing() async throws {
        let cache = try TestCache()
        try cache.add("good")
        let held = try cache.hold()
        let (summary, steps) = try await self.repair(cache) { $0.isApplied = true }
        #expect(summary.exitCode == 0)
        #expect(steps.isEmpty)
        held.release()
    }

    @Test("a directory without an index has nothing to repair")
    func noIndex() async throws {
        let cache = try TestCache(hasIndex: false)
        let inspector = try cache.inspector()
        let error = await #expect(throws: InspectError.self) { try await inspector.repair(RepairOptions()) }
        #expect(error?.code == .noIndex)
    }

    @Test("a repair that is interrupted ends behind the step that it is at, and says that there may be more")
    func interrupted() async throws {
        let cache = try TestCache()
        for number in 0..<20 { try cache.addRow(try TestCache.row("row-\(number)", state: .suspended)) }
        var options = RepairOptions()
        options.isApplied = true
        let (inspector, applied) = (try cache.inspector(), options)
        let (stepping, announce) = AsyncStream<Void>.makeStream()
        let cancelled = DispatchSemaphore(value: 0)
        let repair = Task {
            try await inspector.repair(applied) { _ in
                announce.yield()
                cancelled.wait()
            }
        }
        for await _ in stepping { break }
        repair.cancel()
        // One for each step that there could be.
        for _ in 0..<20 { cancelled.signal() }
        let summary = try await repair.value
        #expect(summary.isInterrupted && summary.mended == 1 && summary.exitCode == 130)
        #expect(summary.line.contains("Interrupted before all was looked at"))
        #expect(try RepairDocument.line(summary).contains("\"isInterrupted\":true"))
        #expect(try #require(cache.index).streams().count == 19)
    }

    private func contents(_ cache: TestCache) throws -> [String: [UInt8]] {
        let names = cache.directory.contents.filter { $0.hasSuffix(".audio") || $0.hasSuffix(".part") }
        return Dictionary(uniqueKeysWithValues: try names.map { ($0, try cache.bytes(of: $0)) })
    }
}
