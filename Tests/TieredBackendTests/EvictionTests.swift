import CacheProtocol
import Crypto
import FileStorage
import NIOCore
import ObjectStoreSupport
import TestSupport
import Testing

@testable import TieredBackend

@Suite("The hot tier never lets go of the only copy")
struct EvictionTests {
    @Test("with the cold tier away a full hot tier refuses uploads, and has every stream; with it back it makes room")
    func onlyCopy() async throws {
        let bench = try await TierBench()
        await bench.store.kill()
        try await bench.withBackend("one", { files, _ in files.maximumBytes = 1_000_000 }) { backend in
            var kept: [String: [UInt8]] = [:]
            var refusal: CacheError?
            for number in 0..<20 where refusal == nil {
                let bytes = sample(100_000, seed: UInt64(number))
                do {
                    try await backend.write("a\(number)", bytes)
                    kept["a\(number)"] = bytes
                } catch let error as CacheError {
                    refusal = error
                    // Refused before it began, there is nothing to remove.
                    try? await backend.remove(StreamID("a\(number)"))
                }
            }
            #expect(refusal?.code == .storageFull, "\(String(describing: refusal))")
            #expect(kept.count >= 5)
            for (name, bytes) in kept { #expect(try await backend.store.hot.read(name) == bytes) }
            try await bench.store.start()
            try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            for number in 100..<120 {
                let bytes = sample(100_000, seed: UInt64(number))
                kept["a\(number)"] = bytes
                try await eventually("there is room") {
                    do {
                        try await backend.write("a\(number)", bytes, WriteOptions(mode: .overwrite))
                        return true
                    } catch let error as CacheError where error.code == .storageFull {
                        return false
                    }
                }
            }
            try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            #expect(bench.streamKeys.count == kept.count)
            for (name, bytes) in kept { #expect(try await backend.read(name) == bytes) }
            // The ledger is no longer than the hot tier. What was read is still brought there, and others go for it.
            try await eventually("nothing is being brought into the hot tier") { backend.store.fills.count == 0 }
            await backend.store.trim()
            let known = try backend.store.ledger.copied(after: nil, limit: 1_000)
            #expect(known.count >= 5)
            for id in known { #expect(try await backend.store.hot.find(id.rawValue) != nil, "\(id)") }
        }
    }

    @Test("room is made of what was copied, however many streams before it were not", arguments: [true, false])
    func roomBehindOthers(_ usesIndex: Bool) async throws {
        let bench = try await TierBench()
        try await bench.withBackend(
            usesIndex: usesIndex,
            { files, configuration in
                files.maximumBytes = 600_000
                // Once it is found away, nobody waits for it.
                configuration.pauseMilliseconds = 600_000
            }
        ) { backend in
            for number in 0..<10 { try await backend.write("copied\(number)", sample(50_000, seed: UInt64(number))) }
            try await eventually("all are copied") { try backend.store.ledger.totals().pendingStreams == 0 }
            await bench.store.kill()
            for number in 0..<300 { try await backend.write("waits\(number)", sample(100)) }
            // Read later than any of those was sealed, so that they come after them.
            for number in 0..<10 { _ = try await backend.store.hot.read("copied\(number)") }
            try await backend.write("new", sample(300_000))
            #expect(try await backend.store.hot.read("new") == sample(300_000))
            for number in 0..<300 { #expect(try await backend.store.hot.find("waits\(number)") != nil) }
            #expect(await backend.health().gauges["evicted_streams_total"] ?? 0 >= 5)
        }
    }

    @Test("whatever happens to the store, every sealed stream is whole in one tier at least, at every moment")
    func invariant() async throws {
        try await checkProperty(runs: 3) { random in
            let bench = try await TierBench()
            var plan: [(Int, Int)] = []
            for _ in 0..<40 {
                plan.append((Int.random(in: 0..<100, using: &random), Int.random(in: 1...120_000, using: &random)))
            }
            let steps = plan
            let seed = random.seed
            try await bench.withBackend("one", { files, _ in files.maximumBytes = 600_000 }) { backend in
                var sealed: [String: [UInt8]] = [:]
                var isAway = false
                for (number, (choice, size)) in steps.enumerated() {
                    switch choice {
                    case 0..<12:
                        if isAway { try await bench.store.start() } else { await bench.store.kill() }
                        isAway.toggle()
                    case 12..<20: bench.store.fail(.corrupt, count: 1) { $0.method == "GET" }
                    case 20..<28: bench.store.fail(.loseAnswer, count: 2) { $0.method != "GET" }
                    case 28..<36: bench.store.fail(.answer(503, code: "SlowDown"), count: 3)
                    case 36..<46:
                        if let name = sealed.keys.sorted().first {
                            do {
                                try await backend.remove(StreamID(name))
                                sealed[name] = nil
                            } catch let error as CacheError where error.code == .io {}
                        }
                    default:
                        let bytes = sample(size, seed: seed &+ UInt64(number))
                        do {
                            try await backend.write("s\(number)", bytes)
                            sealed["s\(number)"] = bytes
                        } catch let error as CacheError where error.code == .storageFull {
                            try? await backend.remove(StreamID("s\(number)"))
                        }
                    }
                    for (name, bytes) in sealed { try await Self.requireCopy(name, bytes, backend, bench) }
                }
            }
        }
    }

    private static func requireCopy(
        _ name: String,
        _ bytes: [UInt8],
        _ backend: TieredBackend,
        _ bench: TierBench
    ) async throws {
        // Behind the store's back, which may be away: what it has is what counts.
        let stored = bench.store.object("streams/\(name)").map { Array($0.bytes.readableBytesView) }
        if stored == bytes { return }
        let hot = try? await backend.store.hot.read(name)
        // It may have been evicted between the two looks.
        let again = bench.store.object("streams/\(name)").map { Array($0.bytes.readableBytesView) }
        try #require(hot == bytes || again == bytes, "\(name) is whole in neither tier")
    }
}
