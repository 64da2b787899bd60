import CacheInspect
import CacheProtocol
import TestSupport
import Testing

@Suite("A sample chooses the part of the streams that was asked for")
struct SampleSelectorTests {
    private static func ids(_ count: Int) throws -> [StreamID] { try (0..<count).map { try StreamID("stream-\($0)") } }

    @Test("all shares of a total have every stream exactly once", arguments: [1, 2, 7, 100])
    func shares(_ total: Int) throws {
        let ids = try Self.ids(2_000)
        var chosen: [StreamID: Int] = [:]
        for number in 1...total {
            var selector = SampleSelector(.share(number, of: total), totalBytes: 0, phase: number)
            let part = ids.filter { selector.chooses($0, size: 1) }
            for id in part { chosen[id, default: 0] += 1 }
            // No share is far from its part of the whole.
            #expect(abs(part.count - 2_000 / total) <= max(200 / total + 60, 20))
        }
        #expect(chosen.count == 2_000)
        #expect(chosen.values.allSatisfy { $0 == 1 })
    }

    @Test("a percentage chooses so many streams, from whichever it begins")
    func percentage() throws {
        let ids = try Self.ids(1_000)
        try checkProperty(runs: 50) { random in
            var selector = SampleSelector(
                .millionths(50_000),
                totalBytes: 0,
                phase: Int.random(in: 0..<1_000_000, using: &random)
            )
            let count = ids.filter { selector.chooses($0, size: 1) }.count
            try #require((49...51).contains(count))
        }
    }

    @Test("other beginnings choose other streams")
    func phases() throws {
        let ids = try Self.ids(100)
        let samples = [0, 300_000, 600_000].map { phase in
            var selector = SampleSelector(.millionths(100_000), totalBytes: 0, phase: phase)
            return ids.filter { selector.chooses($0, size: 1) }
        }
        #expect(Set(samples).count == 3)
    }

    @Test("everything is chosen by 100%")
    func everything() throws {
        var selector = SampleSelector(.millionths(1_000_000), totalBytes: 0, phase: 0)
        #expect(try Self.ids(50).allSatisfy { selector.chooses($0, size: 1) })
    }

    @Test("so many bytes are chosen, and at most one stream more")
    func bytes() throws {
        let ids = try Self.ids(1_000)
        try checkProperty(runs: 50) { random in
            let sizes = ids.map { _ in Int64.random(in: 1...2_000, using: &random) }
            let total = sizes.reduce(0, +)
            var selector = SampleSelector(
                .bytes(total / 10),
                totalBytes: total,
                phase: Int.random(in: 0..<1_000_000, using: &random)
            )
            var chosen: Int64 = 0
            for (id, size) in zip(ids, sizes) where selector.chooses(id, size: size) { chosen += size }
            try #require(chosen < total / 10 + 2_000)
            try #require(chosen > total / 20)
        }
    }
}
