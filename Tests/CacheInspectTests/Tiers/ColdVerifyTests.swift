import CacheInspect
import CacheProtocol
import NIOCore
import ObjectStoreSupport
import TestSupport
import Testing

@Suite("Verifying the cold tier names what is wrong in the store, and only that")
struct ColdVerifyTests {
    private func verify(
        _ bench: ColdBench,
        _ change: (inout VerifyOptions) throws -> Void = { _ in }
    ) async throws -> (summary: VerifySummary, events: Events) {
        var options = VerifyOptions()
        try change(&options)
        let events = Events()
        let summary = try await bench.cold().verify(options) { events.take($0) }
        return (summary, events)
    }

    private static let long = [UInt8]((0..<9_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })

    @Test("objects that are as they were sealed are good, every byte of them read, and nothing is written")
    func good() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["empty": [], "short": [1, 2, 3], "long": Self.long])
        let before = bench.store.keys
        bench.store.clearLog()
        let (summary, events) = try await self.verify(bench)
        #expect(summary.exitCode == 0)
        #expect(summary.counts == [.ok: 3] && summary.digestsCompared == 3)
        #expect(summary.bytes == 9_500_003)
        #expect(events.progress.last?.bytes == 9_500_003)
        #expect(bench.store.keys == before)
        #expect(bench.store.log.allSatisfy { $0.hasPrefix("GET") || $0.hasPrefix("HEAD") })
    }

    @Test(
        "one bit that flipped is a digest that differs, wherever it is",
        arguments: [0, 4_194_303, 4_194_304, 9_499_999]
    )
    func flipped(_ offset: Int) async throws {
        let bench = try await ColdBench()
        try await bench.fill(["good": Self.long, "bad": Self.long])
        bench.flipBit(of: "bad", at: offset)
        let (summary, events) = try await self.verify(bench)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["good": .ok, "bad": .digestDiffers])
        let finding = try #require(events.findings.first { $0.verdict == .digestDiffers })
        #expect(finding.file == "streams/bad")
        #expect(finding.expected?.count == 64 && finding.found?.count == 64 && finding.found != finding.expected)
    }

    @Test("an object that was cut short is a size that differs, and hides none of the others")
    func cutShort() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2, 3]])
        bench.store.change("streams/b") { $0?.bytes = ByteBuffer(bytes: [1, 2]) }
        let (summary, events) = try await self.verify(bench)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["a": .ok, "b": .sizeDiffers, "c": .ok])
        let finding = try #require(events.findings.first { $0.verdict == .sizeDiffers })
        #expect(finding.expected == "3 bytes" && finding.found == "2 bytes")
    }

    @Test("an object that the store can't read is unreadable, with what the store says")
    func unreadable() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["a": [1, 2, 3], "b": [1, 2, 3]])
        bench.store.fail(.answer(500, code: "InternalError"), count: 100) { request in
            request.key == "streams/b" && request.method == "GET"
        }
        let (summary, events) = try await self.verify(bench)
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["a": .ok, "b": .unreadable])
        #expect(events.findings.first { $0.verdict == .unreadable }?.detail?.contains("500") == true)
    }

    @Test("streams that were asked for by name are told one by one, and one that there is not is told, too")
    func named() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["a": [1, 2, 3], "b": [1, 2, 3]])
        let (summary, events) = try await self.verify(bench) { $0.ids = try ["b", "nobody"].map { try StreamID($0) } }
        #expect(summary.exitCode == 1)
        #expect(events.verdicts == ["b": .ok, "nobody": .noSuchStream])
    }

    @Test("a sample has a part of the objects, and all parts together each of them once")
    func sampled() async throws {
        let bench = try await ColdBench()
        let names = (0..<20).map { "s\($0)" }
        try await bench.fill(Dictionary(uniqueKeysWithValues: names.map { ($0, [UInt8](repeating: 7, count: 1_000)) }))
        var seen: [String] = []
        for part in 1...3 {
            let (summary, found) = try await self.verify(bench, sample: "\(part)/3")
            #expect(summary.leftOut + summary.checked == 20)
            seen += found
        }
        #expect(seen.sorted() == names.sorted())
        let (summary, _) = try await self.verify(bench, sample: "5000")
        #expect((1...7).contains(summary.checked))
    }

    // A function of its own: the optimizer of Swift 6.3 crashes on it as a part of the test.
    private func verify(_ bench: ColdBench, sample: String) async throws -> (VerifySummary, found: [String]) {
        let (summary, events) = try await self.verify(bench) { $0.sample = Sample(sample) }
        return (summary, Array(events.verdicts.keys))
    }

    @Test("a store that can't be asked is no finding: io where it is away, configuration where it lets nobody in")
    func away() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["a": [1, 2, 3]])
        bench.store.set(hasBucket: false)
        let refused = await #expect(throws: InspectError.self) { try await self.verify(bench) }
        #expect(refused?.code == .configuration && refused?.sentence.contains("Make the bucket") == true)
        bench.store.set(hasBucket: true)
        await bench.store.kill()
        let away = await #expect(throws: InspectError.self) { try await self.verify(bench) }
        #expect(away?.code == .io)
        let nobody = #expect(throws: InspectError.self) { try ColdStore(bench.tiers(), environment: [:]) }
        #expect(nobody?.code == .configuration)
        #expect(nobody?.sentence.contains("AWS_ACCESS_KEY_ID") == true)
    }
}
