import CacheProtocol
import NIOCore
import ObjectStoreSupport
import S3Backend
import Synchronization
import TestSupport
import Testing

@testable import TieredBackend

@Suite("Sealed streams reach the cold tier, whatever comes in between")
struct CopyingTests {
    @Test("a sealed stream is copied with its facts, and then known to be in both tiers")
    func copied() async throws {
        let bench = try await TierBench()
        let bytes = sample(700_000)
        try await bench.withBackend { backend in
            let options = WriteOptions(contentType: "audio/ogg", timeToLiveSeconds: 9_999, metadata: ["a": "ü"])
            let info = try await backend.write("a", bytes, options)
            #expect(info.durability == .process)
            try await eventually("it is copied") { try backend.store.ledger.place(info.id) == .copied }
            let copy = try await bench.cold().info(info.id)
            #expect(copy.createdAt == info.createdAt && copy.sealedAt == info.sealedAt && copy.sha256 == info.sha256)
            #expect(copy.contentType == "audio/ogg" && copy.metadata == ["a": "ü"] && copy.timeToLiveSeconds == 9_999)
            #expect(try await bench.cold().read("a") == bytes)
            #expect(try await backend.info(info.id).durability == .tier)
            let health = await backend.health()
            #expect(health.gauges["tier_pending_streams"] == 0 && health.problems.isEmpty)
        }
    }

    @Test("an acknowledgement that waits for the cold tier says tier; where that is away, it says what is true")
    func acknowledged() async throws {
        let bench = try await TierBench()
        try await bench.withBackend(
            "one",
            { _, configuration in
                configuration.acknowledgement = .cold
                configuration.acknowledgementTimeoutMilliseconds = 60_000
            }
        ) { backend in
            let info = try await backend.write("a", sample(100_000))
            #expect(info.durability == .tier)
            #expect(bench.streamKeys == ["streams/a"])
        }
        await bench.store.kill()
        try await bench.withBackend(
            "two",
            { _, configuration in
                configuration.acknowledgement = .cold
                configuration.acknowledgementTimeoutMilliseconds = 50
            }
        ) { backend in
            let info = try await backend.write("b", sample(100_000))
            #expect(info.durability == .process)
        }
    }

    /// Found on a busy machine: the copier took the row for that of a stream that was removed, and removed the copy, while
    /// the ledger went on to say that it was there.
    @Test("a stream that was found due, and copied before its turn came, keeps its copy")
    func foundDueTwice() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            bench.store.fail(.answer(507, code: "InsufficientCapacity"), count: .max) { $0.method == "PUT" }
            try await backend.write("a", sample(10_000))
            let due = try backend.store.ledger.due(at: Timestamp(millisecondsSinceEpoch: .max), limit: 1)
            let stale = try #require(due.first)
            bench.store.heal()
            try await eventually("it is copied") { try backend.store.ledger.place(stale.id) == .copied }
            await backend.store.copies.claim(stale.id)
            await backend.store.copy(stale)
            backend.store.copies.end(stale.id)
            #expect(try backend.store.ledger.place(stale.id) == .copied)
            #expect(bench.streamKeys == ["streams/a"])
        }
    }

    @Test(
        "while the cold tier is full uploads and reads go on, health says so in time, and all is copied afterwards",
        arguments: [StoreFault.answer(507, code: "InsufficientCapacity"), .answer(400, code: "EntityTooLarge")]
    )
    func full(_ fault: StoreFault) async throws {
        let bench = try await TierBench()
        let bytes = sample(200_000)
        try await bench.withBackend { backend in
            try await backend.write("before", bytes)
            try await eventually("it is copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            bench.store.fail(fault, count: .max) { $0.method == "PUT" }
            for number in 0..<10 { try await backend.write("a\(number)", bytes) }
            try await eventually("it is noticed") { backend.store.cold.fullMilliseconds != nil }
            #expect(try await backend.read("a3") == bytes)
            // A full store still is read from.
            #expect(try await bench.withBackend("two") { two in try await two.read("before") } == bytes)
            #expect(backend.store.cold.outage == nil)
            let health = await backend.health()
            #expect(health.problems.isEmpty)
            #expect(health.gauges["tier_pending_streams"] == 10)
            bench.now.value.withLock { $0 += 1_000_000 }
            let later = await backend.health()
            #expect(later.problems.count == 1 && later.problems.first?.hasPrefix("store_full: ") == true)
            #expect((later.gauges["tier_store_full_seconds"] ?? 0) >= 1_000)
            bench.store.heal()
            try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            let afterwards = await backend.health()
            #expect(afterwards.problems.isEmpty && afterwards.gauges["tier_store_full_seconds"] == 0)
        }
        #expect(bench.streamKeys.count == 11)
    }

    @Test("while the cold tier is away uploads and reads go on, health says so in time, and all is copied afterwards")
    func outage() async throws {
        let bench = try await TierBench()
        let bytes = sample(200_000)
        try await bench.withBackend { backend in
            await bench.store.kill()
            for number in 0..<10 { try await backend.write("a\(number)", bytes) }
            #expect(try await backend.read("a3") == bytes)
            try await eventually("the outage is noticed") { backend.store.cold.outage != nil }
            let health = await backend.health()
            #expect(health.problems.isEmpty)
            #expect(health.gauges["tier_pending_streams"] == 10)
            #expect(health.gauges["tier_pending_bytes"] == 2_000_000)
            bench.now.value.withLock { $0 += 1_000_000 }
            let later = await backend.health()
            #expect(later.problems.count == 1 && later.problems.first?.contains("out of reach") == true)
            #expect((later.gauges["tier_oldest_pending_seconds"] ?? 0) >= 1_000)
            try await bench.store.start()
            try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            #expect(await backend.health().problems.isEmpty)
        }
        #expect(bench.streamKeys.count == 10)
        for number in 0..<10 { #expect(try await bench.cold().read("a\(number)") == bytes) }
    }

    @Test("what was to be copied when the process ended is copied by the next one, with or without its ledger")
    func restart() async throws {
        let bench = try await TierBench()
        let bytes = sample(150_000)
        await bench.store.kill()
        try await bench.withBackend { backend in
            for name in ["a", "b", "c"] { try await backend.write(name, bytes) }
        }
        try await bench.store.start()
        try await bench.withBackend("one", { $1.ledger += ".new" }) { backend in
            try await eventually("all are copied") { bench.streamKeys == ["streams/a", "streams/b", "streams/c"] }
            _ = backend
        }
        try await bench.withBackend { backend in
            try await eventually("the old ledger knows, too") { try backend.store.ledger.totals().pendingStreams == 0 }
        }
    }

    @Test(
        "a copy that the store damages is found out and made again",
        arguments: [StoreFault.corrupt, .truncate, .answer(500, code: "InternalError"), .reset, .loseAnswer]
    )
    func faults(_ fault: StoreFault) async throws {
        let bench = try await TierBench()
        let bytes = sample(700_000)
        try await bench.withBackend { backend in
            bench.store.fail(fault, count: 1) { $0.method == "PUT" }
            bench.store.fail(fault, count: 2) { $0.method == "GET" && $0.key == "streams/a" }
            try await backend.writeCopied("a", bytes)
        }
        #expect(try await bench.cold().read("a") == bytes)
    }

    @Test("a copy that is not found when it is to be compared is looked for again, and not taken for damaged")
    func unfound() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            bench.store.fail(.answer(404, code: "NoSuchKey")) { [weak store = bench.store] request in
                request.method == "HEAD" && request.key == "streams/a" && store?.object("streams/a") != nil
            }
            try await backend.writeCopied("a", sample(1_000))
            #expect(await backend.health().gauges["tier_damaged_copies_total"] == 0)
            #expect(bench.store.log.count { $0 == "PUT streams/a" } == 1)
        }
    }

    @Test("a stream that is removed while it waits, or while it is copied, is in neither tier afterwards")
    func removal() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            for round in 0..<20 {
                let name = "a\(round)"
                try await backend.write(name, sample(300_000))
                for _ in 0..<round * 20 { await Task.yield() }
                try await backend.remove(StreamID(name))
                #expect(try await backend.find(name) == nil)
            }
            try await eventually("nothing is being copied") { backend.store.copies.activeCount == 0 }
            #expect(bench.streamKeys.isEmpty)
            #expect(try backend.store.ledger.totals().pendingStreams == 0)
        }
    }

    @Test("when two gateways have sealed different streams of one name, neither is lost, and the conflict is counted")
    func conflict() async throws {
        let bench = try await TierBench()
        let (first, second) = (sample(100_000, seed: 1), sample(100_000, seed: 2))
        await bench.store.kill()
        try await bench.withBackend("one") { _ = try await $0.write("a", first) }
        try await bench.withBackend("two") { _ = try await $0.write("a", second) }
        try await bench.store.start()
        try await bench.withBackend("one") { backend in
            try await eventually("it is copied") { try backend.store.ledger.place(StreamID("a")) == .copied }
        }
        try await bench.withBackend("two") { backend in
            try await eventually("the conflict is known") { await backend.health().gauges["tier_conflicts"] == 1 }
            #expect(try await backend.read("a") == second)
        }
        #expect(try await bench.cold().read("a") == first)
    }

    @Test("a stream that both gateways have sealed alike is one stream")
    func alike() async throws {
        let bench = try await TierBench()
        let bytes = sample(100_000)
        await bench.store.kill()
        for name in ["one", "two"] { try await bench.withBackend(name) { _ = try await $0.write("a", bytes) } }
        try await bench.store.start()
        for name in ["one", "two"] {
            try await bench.withBackend(name) { backend in
                try await eventually("it is copied") { try backend.store.ledger.place(StreamID("a")) == .copied }
            }
        }
        #expect(bench.store.log.count { $0 == "PUT streams/a" } == 1)
    }
}
