import CacheProtocol
import NIOCore
import ObjectStoreSupport
import Synchronization
import TestSupport
import Testing

@testable import TieredBackend

@Suite("Who goes through a cold stream is fetched more at a time, and no byte twice")
struct ReadAheadTests {
    /// What the store is asked for, as runs of blocks, by a reader that wants one block after the other.
    private func runs(_ wanted: [Int64], of blockCount: Int64, longest: Int64 = 4) -> [Range<Int64>] {
        var readAhead = ReadAhead(longest: longest)
        var known = Set<Int64>()
        var runs: [Range<Int64>] = []
        for number in wanted {
            if known.insert(number).inserted { runs.append(number..<number + 1) }
            guard let ahead = readAhead.blocks(wanting: number, of: blockCount, isKnown: { known.contains($0) }) else {
                continue
            }
            known.formUnion(ahead)
            runs.append(ahead)
        }
        return runs
    }

    @Test("runs grow to the longest, and the next is asked for while the last one is read")
    func growth() {
        #expect(self.runs(Array(0..<3), of: 100) == [0..<1, 1..<2, 2..<3, 3..<5])
        #expect(self.runs(Array(0..<12), of: 100) == [0..<1, 1..<2, 2..<3, 3..<5, 5..<9, 9..<13, 13..<17])
    }

    @Test("who looks here and there gets just that")
    func jumps() {
        #expect(self.runs([50, 3, 70, 20], of: 100) == [50..<51, 3..<4, 70..<71, 20..<21])
    }

    @Test("whatever is wanted, no block is asked for twice, none beyond the end, and few that nobody wanted")
    func property() throws {
        try checkProperty { random in
            let blockCount = Int64.random(in: 1...40, using: &random)
            var wanted: [Int64] = []
            var position: Int64 = 0
            for _ in 0..<60 {
                if Int.random(in: 0..<6, using: &random) == 0 { position = .random(in: 0..<blockCount, using: &random) }
                wanted.append(position)
                position = (position + 1) % blockCount
            }
            let longest = Int64.random(in: 1...8, using: &random)
            let asked = self.runs(wanted, of: blockCount, longest: longest).flatMap { Array($0) }
            try #require(Set(asked).count == asked.count)
            try #require(Set(wanted).isSubset(of: Set(asked)))
            try #require(asked.allSatisfy { (0..<blockCount).contains($0) })
        }
    }

    /// A store with a stream of 62 blocks in it, and what is asked of it from then on.
    private func bench(_ bytes: [UInt8]) async throws -> (TierBench, AskedRanges) {
        let bench = try await TierBench()
        try await bench.withBackend("origin") { backend in
            try await backend.writeCopied("a", bytes)
        }
        let asked = AskedRanges()
        bench.store.fail(.reset) { request in
            asked.note(request)
            return false
        }
        return (bench, asked)
    }

    @Test("a stream is read from the store in few requests, none of its bytes twice", arguments: [true, false])
    func once(fills: Bool) async throws {
        let bytes = sample(4_000_000)
        let (bench, asked) = try await self.bench(bytes)
        try await bench.withBackend("one", { _, configuration in configuration.fills = fills }) { backend in
            #expect(try await backend.read("a") == bytes)
            if fills {
                try await eventually("it is here") { try backend.store.ledger.place(StreamID("a")) == .copied }
            }
            try await eventually("nothing of it is kept in memory") { backend.store.fills.heldBytes == 0 }
        }
        let ranges = asked.ranges.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == 3_999_999)
        for (range, next) in zip(ranges, ranges.dropFirst()) { #expect(next.lowerBound == range.upperBound + 1) }
        #expect(ranges.count < 24, "\(ranges.count) requests")
    }

    @Test("readers at different places of a stream do not take each other's blocks away")
    func several() async throws {
        let bytes = sample(4_000_000)
        let (bench, asked) = try await self.bench(bytes)
        try await bench.withBackend("one", { _, configuration in configuration.fills = false }) { backend in
            // In step: a reader that is far behind the others may well be fetched for again.
            let starts = [0, 1_507_328, 3_014_656]
            let readers = try starts.map { _ in try backend.makeReader(for: StreamID("a")) }
            for reader in readers { _ = try await reader.opened().value() }
            for step in stride(from: 0, to: 700_000, by: 50_000) {
                for (start, reader) in zip(starts, readers) {
                    let position = start + step
                    let piece = try await reader.read(at: Int64(position), count: 50_000).value()
                    let expected = bytes[position..<position + piece.readableBytes]
                    #expect(piece.readableBytesView.elementsEqual(expected))
                }
            }
        }
        var blocks: [Int64: Int] = [:]
        for range in asked.ranges.withLock({ $0 }) {
            for block in range.lowerBound / 65_536...range.upperBound / 65_536 { blocks[block, default: 0] += 1 }
        }
        #expect(blocks.values.allSatisfy { $0 == 1 }, "\(blocks)")
    }

    private final class AskedRanges: Sendable {
        let ranges = Mutex<[ClosedRange<Int64>]>([])

        func note(_ request: StoreRequest) {
            guard request.method == "GET", let range = request.headers["range"], range.hasPrefix("bytes=") else {
                return
            }
            let ends = range.dropFirst(6).split(separator: "-").compactMap { Int64($0) }
            if ends.count == 2 { self.ranges.withLock { $0.append(ends[0]...ends[1]) } }
        }
    }
}
