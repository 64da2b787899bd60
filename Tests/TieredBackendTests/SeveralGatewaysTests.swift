import CacheProtocol
import NIOCore
import ObjectStoreSupport
import Synchronization
import TestSupport
import Testing

@testable import TieredBackend

@Suite("Several gateways over one store serve the same streams")
struct SeveralGatewaysTests {
    private func withTwo(
        _ change: @Sendable @escaping (inout TieredConfiguration) -> Void = { _ in },
        _ body: @Sendable @escaping (TierBench, TieredBackend, TieredBackend) async throws -> Void
    ) async throws {
        let bench = try await TierBench()
        try await bench.withBackend("one", { change(&$1) }) { one in
            try await bench.withBackend("two", { change(&$1) }) { two in try await body(bench, one, two) }
        }
    }

    @Test("each lists and serves what the other has sealed")
    func shared() async throws {
        try await self.withTwo { _, one, two in
            for number in 0..<6 {
                try await (number % 2 == 0 ? one : two).write("a\(number)", sample(50_000, seed: UInt64(number)))
            }
            for backend in [one, two] {
                try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            }
            for backend in [one, two] {
                for limit in [1, 2, 3, 10] {
                    var names: [String] = []
                    var cursor: StreamID?
                    repeat {
                        let page = try await backend.streams(matching: StreamFilter(), after: cursor, limit: limit)
                        names += page.streams.map(\.id.rawValue)
                        cursor = page.next
                    } while cursor != nil
                    #expect(names == ["a0", "a1", "a2", "a3", "a4", "a5"])
                }
                for number in 0..<6 {
                    #expect(try await backend.read("a\(number)") == sample(50_000, seed: UInt64(number)))
                }
            }
        }
    }

    @Test("a name that another gateway has sealed is refused")
    func taken() async throws {
        try await self.withTwo { _, one, two in
            try await one.writeCopied("a", sample(1_000))
            for mode in [WriteOptions.Mode.create, .resume] {
                let error = await #expect(throws: CacheError.self) {
                    try await two.write("a", sample(1_000), WriteOptions(mode: mode))
                }
                #expect(error?.code == .streamExists)
            }
            try await two.writeCopied("a", sample(2_000, seed: 2), WriteOptions(mode: .overwrite))
            #expect(try await two.read("a") == sample(2_000, seed: 2))
        }
    }

    @Test("what one removes the others do not serve when revalidateMs is over")
    func removed() async throws {
        try await self.withTwo { bench, one, two in
            for name in ["a", "b"] {
                try await one.writeCopied(name, sample(100_000))
                _ = try await two.read(name)
                try await eventually("it is here") { try two.store.ledger.place(StreamID(name)) == .copied }
            }
            try await one.remove(StreamID("a"))
            #expect(try await one.find("a") == nil)
            // Just asked, so not asked again.
            #expect(try await two.find("a") != nil)
            bench.now.value.withLock { $0 += 30_000 }
            #expect(try await two.find("a") == nil)
            #expect(try await two.store.hot.find("a") == nil)
        }
    }

    @Test("the only stream of a gateway is gone from it, too, when another gateway removed it")
    func lone() async throws {
        try await self.withTwo { bench, one, two in
            try await one.writeCopied("a", sample(100_000))
            try await two.remove(StreamID("a"))
            bench.now.value.withLock { $0 += 30_000 }
            #expect(try await one.find("a") == nil)
            #expect(try await one.store.hot.find("a") == nil)
            #expect(try one.store.ledger.place(StreamID("a")) == nil)
        }
    }

    @Test(
        "a name is free again at each gateway once one has removed its stream, asked about before or not",
        arguments: [WriteOptions.Mode.create, .resume],
        [true, false]
    )
    func freedName(_ mode: WriteOptions.Mode, isAskedAbout: Bool) async throws {
        try await self.withTwo { bench, one, two in
            try await one.writeCopied("a", sample(100_000))
            try await two.remove(StreamID("a"))
            if isAskedAbout {
                bench.now.value.withLock { $0 += 30_000 }
                #expect(try await one.find("a") == nil)
            }
            let bytes = sample(70_000, seed: 2)
            try await one.write("a", bytes, WriteOptions(mode: mode))
            try await eventually("the new one is copied") { try one.store.ledger.place(StreamID("a")) == .copied }
            #expect(try await one.read("a") == bytes)
            #expect(try await two.read("a") == bytes)
        }
    }

    @Test("a name whose stream the store may have lost is not taken for free, but can be overwritten and removed")
    func doubtfulName() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            for name in ["a", "b"] {
                try await backend.writeCopied(name, sample(10_000))
            }
            for key in bench.store.keys { bench.store.change(key) { $0 = nil } }
            for mode in [WriteOptions.Mode.create, .resume] {
                let error = await #expect(throws: CacheError.self) {
                    try await backend.write("a", sample(1_000), WriteOptions(mode: mode))
                }
                #expect(error?.code == .streamExists)
                #expect(error?.message.contains("overwrite it, or remove it") == true)
            }
            #expect(try await backend.store.hot.read("a") == sample(10_000))
            try await backend.write("a", sample(1_000, seed: 3), WriteOptions(mode: .overwrite))
            #expect(try await backend.read("a") == sample(1_000, seed: 3))
            try await backend.remove(StreamID("b"))
            try await backend.write("b", sample(1_000, seed: 4))
            #expect(try await backend.read("b") == sample(1_000, seed: 4))
        }
    }

    @Test("a stream says in which tiers it is: the hot one, both once it is copied, the cold one elsewhere")
    func copies() async throws {
        try await self.withTwo { bench, one, two in
            func copies(_ backend: TieredBackend) async throws -> [[StorageTier]?] {
                let page = try await backend.streams(matching: StreamFilter(), after: nil, limit: 10)
                let listed = page.streams.first { $0.id.rawValue == "a" }?.copies
                return [try await backend.find("a")?.copies, listed]
            }
            bench.store.fail(.answer(507, code: "InsufficientCapacity"), count: 1_000) { $0.method == "PUT" }
            try await one.write("a", sample(10_000))
            #expect(try await copies(one) == [[.hot], [.hot]])
            bench.store.heal()
            try await eventually("it is copied") { try one.store.ledger.place(StreamID("a")) == .copied }
            #expect(try await copies(one) == [[.hot, .cold], [.hot, .cold]])
            #expect(try await copies(two) == [[.cold], [.cold]])
            _ = try await two.read("a")
            try await eventually("it is there, too") { try two.store.ledger.place(StreamID("a")) == .copied }
            #expect(try await copies(two) == [[.hot, .cold], [.hot, .cold]])
        }
    }

    @Test("a store that has lost everything, or is another, takes nothing from the hot tier")
    func emptied() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            for name in ["a", "b", "c"] {
                try await backend.writeCopied(name, sample(10_000))
            }
            var lost: [String: StoredObject] = [:]
            for key in bench.store.keys {
                lost[key] = bench.store.object(key)
                bench.store.change(key) { $0 = nil }
            }
            bench.now.value.withLock { $0 += 60_000 }
            for name in ["a", "b", "c"] {
                #expect(try await backend.find(name) == nil)
                #expect(try await backend.store.hot.read(name) == sample(10_000))
                #expect(try backend.store.ledger.place(StreamID(name)) == .missing)
            }
            await backend.store.trim()
            for (key, object) in lost { bench.store.change(key) { $0 = object } }
            for name in ["a", "b", "c"] { #expect(try await backend.read(name) == sample(10_000)) }
            #expect(try backend.store.ledger.place(StreamID("a")) == .copied)
        }
    }

    @Test("a listing leaves out at once what another gateway removed")
    func unlisted() async throws {
        try await self.withTwo { _, one, two in
            for name in ["a", "b"] {
                try await one.writeCopied(name, sample(1_000))
            }
            try await two.remove(StreamID("a"))
            let page = try await one.streams(matching: StreamFilter(), after: nil, limit: 10)
            #expect(page.streams.map(\.id.rawValue) == ["b"])
            try await eventually("it is gone") { try await one.store.hot.find("a") == nil }
        }
    }

    @Test("a listing has a stream that is copied while the cold tier lists what it has")
    func copiedMeanwhile() async throws {
        let bench = try await TierBench()
        let cold = try GatedListing(bench.cold())
        try await bench.withBackend(cold: cold) { backend in
            bench.store.fail(.answer(507, code: "InsufficientCapacity"), count: .max) { $0.method == "PUT" }
            try await backend.write("a", sample(1_000))
            cold.afterListing {
                bench.store.heal()
                try? await eventually("it is copied") { try backend.store.ledger.place(StreamID("a")) == .copied }
            }
            let page = try await backend.streams(matching: StreamFilter(), after: nil, limit: 10)
            #expect(page.streams.map(\.id.rawValue) == ["a"])
            #expect(try backend.store.ledger.place(StreamID("a")) == .copied)
        }
    }

    @Test("a removal that the store can't be told of is refused, and the stream stays")
    func refusedRemoval() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            try await backend.writeCopied("a", sample(1_000))
            await bench.store.kill()
            let error = await #expect(throws: CacheError.self) { try await backend.remove(StreamID("a")) }
            #expect(error?.code == .io)
            #expect(try await backend.read("a") == sample(1_000))
            try await bench.store.start()
            try await eventually("it can be removed") {
                do {
                    try await backend.remove(StreamID("a"))
                    return true
                } catch let error as CacheError where error.code == .io {
                    return false
                }
            }
            #expect(bench.streamKeys.isEmpty)
        }
    }

    @Test("what another gateway has put in a stream's place is served when revalidateMs is over")
    func replaced() async throws {
        try await self.withTwo { bench, one, two in
            try await one.writeCopied("a", sample(1_000))
            try await two.writeCopied("a", sample(2_000, seed: 2), WriteOptions(mode: .overwrite))
            bench.now.value.withLock { $0 += 60_000 }
            #expect(try await one.read("a") == sample(2_000, seed: 2))
            #expect(try await one.info(StreamID("a")).size == 2_000)
        }
    }

    @Test("streams that were copied since do not vouch for what the store had before it was emptied")
    func emptiedAndFilled() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            for name in ["a", "b"] {
                try await backend.writeCopied(name, sample(10_000))
            }
            for key in bench.store.keys { bench.store.change(key) { $0 = nil } }
            try await backend.writeCopied("ab", sample(5_000))
            bench.now.value.withLock { $0 += 60_000 }
            for name in ["a", "b"] { #expect(try await backend.find(name) == nil) }
            await backend.store.trim()
            for name in ["a", "b"] { #expect(try await backend.store.hot.read(name) == sample(10_000)) }
        }
    }

    @Test("overwriting while the store is away is refused, and loses nothing")
    func overwriteWhileAway() async throws {
        let bench = try await TierBench()
        try await bench.withBackend { backend in
            bench.store.fail(.answer(507, code: "InsufficientCapacity"), count: .max) { $0.method == "PUT" }
            try await backend.write("a", sample(10_000))
            await bench.store.kill()
            await #expect(throws: CacheError.self) {
                try await backend.write("a", sample(5_000, seed: 2), WriteOptions(mode: .overwrite))
            }
            #expect(try await backend.read("a") == sample(10_000))
            bench.store.heal()
            try await bench.store.start()
            try await eventually("it is copied") { try backend.store.ledger.place(StreamID("a")) == .copied }
        }
    }

    @Test("what the ledger is told is on the device before it is said to be")
    func writtenThrough() async throws {
        let bench = try await TierBench()
        #expect(try bench.backend().store.ledger.isWrittenThrough())
    }
}
