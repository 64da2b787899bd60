import CacheProtocol
import TestSupport
import Testing

@testable import FileStorage

@Suite("Who goes when room is needed")
struct EvictionPlanTests {
    private static let rules = KeepingRules(timeToLiveSeconds: nil, suspendedTimeToLiveSeconds: 100)

    private static func candidate(
        _ name: String,
        _ state: StreamState = .sealed,
        size: Int64 = 10,
        changed: Int64 = 0,
        read: Int64? = nil,
        ttl: Int64? = nil
    ) throws -> EvictionCandidate {
        var info = StreamInfo(id: try StreamID(name), state: state, size: size, createdAt: Self.at(0))
        if state == .sealed { info.sealedAt = Self.at(changed) }
        info.lastReadAt = read.map(Self.at)
        info.timeToLiveSeconds = ttl
        return EvictionCandidate(info, changedAt: Self.at(changed))
    }

    private static func at(_ seconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: seconds * 1_000) }

    private static func names(_ plan: EvictionPlan) -> [String] {
        plan.victims.map { "\($0.candidate.id) \($0.reason.rawValue)" }
    }

    @Test("without need only those go whose time is over, the longest over first")
    func expiry() throws {
        let candidates = [
            try Self.candidate("a", changed: 0, ttl: 60),
            try Self.candidate("b", changed: 0, ttl: 50),
            try Self.candidate("c", changed: 0, ttl: 61),
            try Self.candidate("d", changed: 0),
            try Self.candidate("e", .suspended, changed: -40),
            try Self.candidate("f", .suspended, changed: -39),
        ]
        let plan = EvictionPlan(candidates, now: Self.at(60), rules: Self.rules)
        #expect(Self.names(plan) == ["b expired", "a expired", "e expired"])
    }

    @Test("the configuration's time to live counts for those without one of their own")
    func defaultTimeToLive() throws {
        let rules = KeepingRules(timeToLiveSeconds: 10, suspendedTimeToLiveSeconds: 100)
        let candidates = [try Self.candidate("a", ttl: 1_000), try Self.candidate("b")]
        #expect(Self.names(EvictionPlan(candidates, now: Self.at(10), rules: rules)) == ["b expired"])
    }

    @Test("where room is needed the one that was not read for longest goes first, and no more than it takes")
    func order() throws {
        let candidates = [
            try Self.candidate("never-read", changed: 5),
            try Self.candidate("read-late", changed: 1, read: 9),
            try Self.candidate("read-early", changed: 1, read: 3),
            try Self.candidate("kept", .suspended, changed: 0),
        ]
        func plan(_ bytes: Int64) -> EvictionPlan {
            EvictionPlan(candidates, need: .init(bytes: bytes), now: Self.at(10), rules: Self.rules)
        }
        #expect(Self.names(plan(1)) == ["read-early evicted"])
        #expect(Self.names(plan(10)) == ["read-early evicted"])
        #expect(Self.names(plan(11)) == ["read-early evicted", "never-read evicted"])
        #expect(plan(11).need.isMet)
        #expect(Self.names(plan(100)).last == "read-late evicted")
        #expect(plan(100).need.bytes == 70)
    }

    @Test("what has expired is counted before anything else is taken")
    func expiredFirst() throws {
        let candidates = [
            try Self.candidate("old", changed: 0), try Self.candidate("over", changed: 8, ttl: 1),
        ]
        let plan = EvictionPlan(candidates, need: .init(bytes: 5), now: Self.at(10), rules: Self.rules)
        #expect(Self.names(plan) == ["over expired"])
    }

    @Test("a stream in use and a suspended one before its time never go, whatever is needed")
    func neverTaken() throws {
        try checkProperty { random in
            let candidates = try (0..<20).map { number in
                try Self.candidate(
                    "s\(number)",
                    Bool.random(using: &random) ? .sealed : .suspended,
                    size: .random(in: 0...50, using: &random),
                    changed: .random(in: -200...0, using: &random),
                    read: Bool.random(using: &random) ? .random(in: -200...0, using: &random) : nil,
                    ttl: Bool.random(using: &random) ? .random(in: 1...300, using: &random) : nil
                )
            }
            let held = Set(candidates.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }.map(\.id))
            let need = EvictionPlan.Need(bytes: .random(in: -10...2_000, using: &random))
            let now = Self.at(0)
            let plan = EvictionPlan(candidates, need: need, now: now, rules: Self.rules, isHeld: held.contains)
            var sum: Int64 = 0
            for victim in plan.victims {
                try #require(!held.contains(victim.candidate.id))
                let isOver = victim.candidate.deadline(Self.rules).map { $0 <= now } ?? false
                try #require(isOver == (victim.reason == .expired))
                try #require(victim.candidate.isSealed || isOver)
                // Nobody is evicted once the need is met.
                if victim.reason == .evicted { try #require(sum < need.bytes) }
                sum += victim.candidate.size
            }
            let left = candidates.filter { candidate in
                candidate.isSealed && !held.contains(candidate.id)
                    && !plan.victims.contains { $0.candidate == candidate }
            }
            try #require(sum >= need.bytes || left.isEmpty)
        }
    }

    @Test("the lowest of many are found in bounded memory")
    func lowest() throws {
        try checkProperty { random in
            let limit = Int.random(in: 1...20, using: &random)
            var all = try (0..<Int.random(in: 0...200, using: &random)).map { number in
                try Self.candidate("s\(number)", changed: .random(in: 0...50, using: &random))
            }
            var lowest = LowestUses(limit: limit)
            for candidate in all { lowest.insert(candidate) }
            all.sort(by: EvictionCandidate.isUsedEarlier)
            try #require(lowest.sorted() == Array(all.prefix(limit)))
            // Page by page they are all of them, each once.
            var pages: [EvictionCandidate] = []
            var position: UsePosition?
            repeat {
                var page = LowestUses(limit: limit, after: position)
                for candidate in all.shuffled(using: &random) { page.insert(candidate) }
                let candidates = page.sorted()
                pages += candidates
                let last = page.isTruncated ? candidates.last : nil
                position = last.map { UsePosition(usedAt: $0.lastUsedAt, id: $0.id) }
            } while position != nil
            try #require(pages == all)
        }
    }
}
