import CacheInspect
import CacheProtocol
import Foundation
import SQLiteBackend
import TestSupport
import Testing

@Suite("Verifying names what is wrong, and only that")
struct VerifyTests {
    private func verify(
        _ cache: TestCache,
        _ change: (inout VerifyOptions) -> Void = { _ in }
    ) async throws -> (summary: VerifySummary, events: Events) {
        var options = VerifyOptions()
        change(&options)
        let events = Events()
        let summary = try await cache.inspector().verify(options) { events.take($0) }
        return (summary, events)
    }

    @Test("a cache that is as it was stored is good, every byte of it read", arguments: [true, false])
    func good(_ hasIndex: Bool) async throws {
        let cache = try TestCache(hasIndex: hasIndex)
        try cache.add("empty", .empty)
        try cache.add("long", .long)
        try cache.add("short")
        try cache.add("unfinished", state: .suspended)
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 0)
        #expect(summary.counts == [.ok: 4])
        #expect(summary.bytes == 2_500_006)
        #expect(summary.digestsCompared == (hasIndex ? 3 : 0))
        #expect(events.progress.last?.bytes == 2_500_006)
        #expect(events.progress.last?.totalBytes == (hasIndex ? 2_500_006 : nil))
    }

    @Test(
        "one bit that flipped is a digest that differs, wherever it is",
        arguments: [0, 1_048_575, 1_048_576, 2_499_999]
    )
    func flipped(_ offset: Int) async throws {
        let cache = try TestCache()
        try cache.add("good", .long)
        try cache.add("bad", .long)
        try cache.flipBit(of: "bad.audio", at: offset)
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["good": .ok, "bad": .digestDiffers])
        let finding = try #require(events.findings.first { $0.verdict == .digestDiffers })
        #expect(finding.expected == TestCache.Content.long.sha256?.description)
        #expect(finding.found != finding.expected)
        #expect(finding.found?.count == 64)
    }

    @Test("a file that was cut short, or grew, is a size that differs", arguments: [2, 4])
    func resized(_ count: Int) async throws {
        let cache = try TestCache()
        try cache.add("bad")
        try cache.addFile("bad.audio", Array("abcd".utf8.prefix(count)))
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["bad": .sizeDiffers])
        #expect(events.findings.first?.expected == "3 bytes")
        #expect(events.findings.first?.found == "\(count) bytes")
    }

    @Test("a sealed stream without its file is a missing file")
    func missing() async throws {
        let cache = try TestCache()
        try cache.add("gone")
        try cache.remove("gone.audio")
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["gone": .missingFile])
    }

    @Test("an unfinished stream without its file is an orphan row")
    func orphanRow() async throws {
        let cache = try TestCache()
        try cache.addRow(try TestCache.row("row", state: .suspended))
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["row": .orphanRow])
    }

    @Test("a stream's file without a row is an orphan file; other files are nobody's business")
    func orphanFile() async throws {
        let cache = try TestCache()
        try cache.add("good")
        try cache.addFile("stranger.audio", [1])
        try cache.addFile("good.part", [1])
        try cache.addFile("readme.txt", [1])
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        let orphans = events.findings.filter { $0.verdict == .orphanFile }.map(\.file).sorted()
        #expect(orphans == ["good.part", "stranger.audio"])
        #expect(summary.counts == [.ok: 1, .orphanFile: 2])
    }

    @Test("a file that is being begun while a gateway is at work is no orphan")
    func youngFile() async throws {
        let cache = try TestCache()
        try cache.addFile("new.part", [1])
        try cache.setModified(TestCache.now, of: "new.part")
        let held = try cache.hold()
        let (summary, _) = try await self.verify(cache)
        #expect(summary.counts == [:])
        try cache.setModified(TestCache.start, of: "new.part")
        let (old, _) = try await self.verify(cache)
        #expect(old.counts == [.orphanFile: 1])
        try cache.setModified(TestCache.now, of: "new.part")
        held.release()
        let (alone, _) = try await self.verify(cache)
        #expect(alone.counts == [.orphanFile: 1])
    }

    @Test("a stream that was sealed behind the index's back is a state that differs")
    func state() async throws {
        let cache = try TestCache()
        try cache.addRow(try TestCache.row("ahead", state: .suspended))
        try cache.addFile("ahead.audio", Array("abc".utf8))
        try cache.addRow(try TestCache.row("behind"))
        try cache.addFile("behind.part", Array("abc".utf8))
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["ahead": .stateDiffers, "behind": .stateDiffers])
        #expect(summary.wrong == 2)
    }

    @Test("a link is not followed, even to the right bytes: it is unreadable")
    func link() async throws {
        let cache = try TestCache()
        try cache.add("link")
        try cache.addFile("elsewhere", Array("abc".utf8))
        try cache.remove("link.audio")
        try FileManager.default.createSymbolicLink(
            atPath: cache.directory.file("link.audio"),
            withDestinationPath: cache.directory.file("elsewhere")
        )
        let (summary, events) = try await self.verify(cache)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["link": .unreadable])
        #expect(events.findings.first?.detail?.contains("link.audio") == true)
    }

    @Test("a file name that a row makes up leads nowhere")
    func forgedRow() async throws {
        let cache = try TestCache()
        var row = try TestCache.row("row")
        row.file = "../../etc/passwd"
        try cache.addRow(row)
        let (_, events) = try await self.verify(cache)
        #expect(events.verdicts == ["row": .missingFile])
        #expect(events.findings.first?.file == "row.audio")
    }

    @Test("an unfinished stream may be ahead of the index, and not behind")
    func unfinished() async throws {
        let cache = try TestCache()
        try cache.addRow(try TestCache.row("ahead", state: .live))
        try cache.addFile("ahead.part", Array("abcdef".utf8))
        try cache.addRow(try TestCache.row("behind", state: .live))
        try cache.addFile("behind.part", Array("a".utf8))
        let (_, events) = try await self.verify(cache)
        #expect(events.verdicts == ["ahead": .ok, "behind": .sizeDiffers])
    }

    @Test("streams that were named are verified, and no others; one that there is not is said to be so")
    func named() async throws {
        let cache = try TestCache()
        try cache.add("a")
        try cache.add("b")
        try cache.flipBit(of: "b.audio", at: 0)
        try cache.addFile("c.audio", [1])
        let good = try await self.verify(cache) { $0.ids = [StreamID(validating: "a")].compactMap { $0 } }
        #expect(good.summary.exitCode == 0)
        #expect(good.events.verdicts == ["a": .ok])
        let bad = try await self.verify(cache) {
            $0.ids = ["a", "b", "c", "d"].compactMap { StreamID(validating: $0) }
        }
        #expect(bad.summary.exitCode == 1)
        #expect(bad.events.verdicts == ["a": .ok, "b": .digestDiffers, "c": .orphanFile, "d": .noSuchStream])
    }

    @Test("what was found is remembered in the index, and lately verified streams can be left out")
    func recorded() async throws {
        let cache = try TestCache()
        try cache.add("good")
        try cache.add("bad")
        try cache.flipBit(of: "bad.audio", at: 1)
        let first = try await self.verify(cache)
        #expect(first.summary.recorded == 2)
        #expect(try cache.row(of: "good")?.verification == .good)
        #expect(try cache.row(of: "good")?.lastVerifiedAt == TestCache.now)
        #expect(try cache.row(of: "bad")?.verification == .digestDiffers)
        let second = try await self.verify(cache) { $0.notVerifiedSince = TimeSpan("4w") }
        #expect(second.summary.checked == 0)
        let third = try await self.verify(cache) { $0.notVerifiedSince = TimeSpan("0s") }
        #expect(third.summary.checked == 0)
    }

    @Test("nothing is remembered where that is not wanted")
    func notRecorded() async throws {
        let cache = try TestCache()
        try cache.add("good")
        let (summary, _) = try await self.verify(cache) { $0.isRecorded = false }
        #expect(summary.recorded == 0)
        #expect(try cache.row(of: "good")?.lastVerifiedAt == nil)
    }

    @Test("an index that can't be written is verified all the same, and that is said")
    func readOnly() async throws {
        let cache = try TestCache()
        try cache.add("good")
        let events = Events()
        let summary = try await cache.inspector(.read).verify(VerifyOptions()) { events.take($0) }
        #expect(summary.counts == [.ok: 1])
        #expect(summary.recorded == 0)
        #expect(events.notices.count == 1)
    }

    @Test("seven samples of a seventh verify every stream once, across pages")
    func sampled() async throws {
        let cache = try TestCache()
        let rows = try (0..<1_203).map { try TestCache.row("s\($0)", .empty) }
        try #require(cache.index).put(rows)
        for row in rows { try cache.addFile(row.file, []) }
        var seen: [String: Int] = [:]
        for number in 1...7 {
            let (summary, events) = try await self.verify(cache) { $0.sample = .share(number, of: 7) }
            #expect(summary.checked + summary.leftOut == 1_203)
            for finding in events.findings { seen[finding.id.rawValue, default: 0] += 1 }
        }
        #expect(seen.count == 1_203)
        #expect(seen.values.allSatisfy { $0 == 1 })
    }

    @Test("when the time is over no stream is begun, and that is said")
    func outOfTime() async throws {
        let cache = try TestCache()
        try cache.add("good")
        let (summary, _) = try await self.verify(cache) { $0.maximumDuration = TimeSpan(milliseconds: 0) }
        #expect(summary.isOutOfTime)
        #expect(summary.checked == 0)
        #expect(summary.exitCode == 0)
    }

    @Test("a run that is cancelled ends, and says what it had done")
    func cancelled() async throws {
        let cache = try TestCache()
        for number in 0..<20 { try cache.add("s\(number)", .long) }
        let inspector = try cache.inspector()
        let (begun, continuation) = AsyncStream<Void>.makeStream()
        let summary = try await withThrowingTaskGroup(of: VerifySummary.self) { group in
            group.addTask {
                try await inspector.verify(VerifyOptions()) { if case .progress = $0 { continuation.yield() } }
            }
            for await _ in begun { break }
            group.cancelAll()
            return try #require(try await group.next())
        }
        #expect(summary.isInterrupted)
        #expect(summary.exitCode == 130)
        #expect(summary.checked < 20)
    }

    @Test("a directory without an index is verified by what its files carry")
    func directory() async throws {
        let cache = try TestCache(hasIndex: false)
        let digest = try #require(TestCache.Content.short.sha256)
        let record = #"{"version":1,"createdAt":5,"sealedAt":6,"size":3,"sha256":"\#(digest)"}"#
        for name in ["good", "flipped", "cut"] {
            try cache.add(name)
            try cache.setRecord(record, of: "\(name).audio")
        }
        try cache.flipBitKeepingRecord(of: "flipped.audio")
        try cache.truncateKeepingRecord("cut.audio")
        let (summary, events) = try await self.verify(cache)
        #expect(events.verdicts == ["good": .ok, "flipped": .digestDiffers, "cut": .sizeDiffers])
        #expect(summary.exitCode == 1)
        #expect(summary.recorded == 0)
    }

    @Test("JSON lines are one document each, the summary last")
    func lines() async throws {
        let cache = try TestCache()
        try cache.add("bad")
        try cache.flipBit(of: "bad.audio", at: 1)
        let (summary, events) = try await self.verify(cache)
        let finding = try #require(events.findings.first)
        let line = try JSONSerialization.jsonObject(with: Data(try VerifyDocument.line(.finding(finding)).utf8))
        let object = try #require(line as? [String: Any])
        #expect(object["event"] as? String == "finding")
        #expect(object["id"] as? String == "bad")
        #expect(object["verdict"] as? String == "digest differs")
        let last = try JSONSerialization.jsonObject(with: Data(try VerifyDocument.line(summary).utf8))
        let end = try #require(last as? [String: Any])
        #expect(end["event"] as? String == "summary")
        #expect(end["wrong"] as? Int == 1)
        #expect((end["verdicts"] as? [String: Int])?["digest differs"] == 1)
    }
}
