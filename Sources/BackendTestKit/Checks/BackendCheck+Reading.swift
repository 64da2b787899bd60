import CacheProtocol
import NIOCore

extension BackendCheck {
    static let reading: [BackendCheck] = [
        BackendCheck("every kind of range reads back exactly") { bench in
            let sample = SampleBytes()
            let count = 300_007
            try await bench.write("a", sample, count: count)
            let reader = try await bench.reader("a")
            var ranges = [0..<1, 0..<count, count - 1..<count, 1..<count - 1, 12_345..<23_456]
            for border in [4_096, 8_192, 65_536, 131_072, 262_144] {
                ranges += [
                    border - 1..<border + 1, border..<border + 1, border - 1..<border, border..<border + 65_536 / 2,
                    border - 4_000..<border + 4_000, max(0, border - 65_536)..<border,
                ]
            }
            for start in stride(from: 0, to: count, by: 65_536) { ranges.append(start..<min(start + 65_536, count)) }
            for start in stride(from: 777, to: count, by: 65_536) { ranges.append(start..<min(start + 65_536, count)) }
            for range in ranges { try await bench.expect(reader, range, of: sample) }
        },
        BackendCheck("a range outside the stream is refused with range") { bench in
            try await bench.write("a", SampleBytes(), count: 1_000)
            try await bench.write("empty", SampleBytes(), count: 0)
            let reader = try await bench.reader("a")
            for (offset, count) in [(1_000, 1), (1_001, 1), (-1, 10), (0, 0), (0, -1), (Int64.max, 1), (Int64.min, 1)] {
                try await bench.expect(.range, of: "reading \(count) bytes at \(offset) of 1000") {
                    _ = try await reader.read(at: offset, count: count).value()
                }
            }
            let empty = try await bench.reader("empty")
            try await bench.expect(.range, of: "reading an empty stream") {
                _ = try await empty.read(at: 0, count: 1).value()
            }
        },
        BackendCheck("a read past the end brings what there is") { bench in
            let sample = SampleBytes()
            try await bench.write("a", sample, count: 1_000)
            let reader = try await bench.reader("a")
            for (offset, count) in [(0, 1_001), (999, 65_536), (500, Int.max)] {
                let bytes = try await reader.read(at: Int64(offset), count: count).value()
                let isInside = bytes.readableBytes > 0 && bytes.readableBytes <= 1_000 - offset
                try require(isInside, "\(count) bytes at \(offset) of 1000 brought \(bytes.readableBytes).")
                try require(sample.firstDifference(bytes, at: offset) == nil, "The bytes at \(offset) are wrong.")
            }
        },
        BackendCheck("lent bytes outlive the reader and the stream") { bench in
            let sample = SampleBytes()
            try await bench.write("a", sample, count: 200_000)
            var lent: [(Int, ByteBuffer)] = []
            do {
                let reader = try await bench.reader("a")
                for offset in [0, 65_530, 199_999] {
                    lent.append((offset, try await reader.read(at: Int64(offset), count: 65_536).value()))
                }
            }
            try await bench.backend.remove(bench.id("a"))
            // Whoever gets the room next must not write into what is still lent.
            for index in 0..<8 { try await bench.write("b\(index)", SampleBytes(seed: 9), count: 300_000) }
            for (offset, bytes) in lent {
                try require(sample.firstDifference(bytes, at: offset) == nil, "The bytes lent at \(offset) changed.")
            }
        },
        BackendCheck("changing lent bytes changes nobody else's") { bench in
            let sample = SampleBytes()
            try await bench.write("a", sample, count: 10_000)
            let reader = try await bench.reader("a")
            var mine = try await reader.read(at: 100, count: 1_000).value()
            let other = try await reader.read(at: 100, count: 1_000).value()
            mine.setRepeatingByte(0, count: mine.readableBytes, at: mine.readerIndex)
            mine.writeRepeatingByte(0, count: 5_000)
            try require(sample.firstDifference(other, at: 100) == nil, "Another reader's bytes changed.")
            try await bench.expect(reader, 0..<10_000, of: sample)
        },
        BackendCheck("an unknown stream is stream_not_found") { bench in
            try await bench.write("a", SampleBytes(), count: 10)
            try await bench.expectNoStream("b")
            let id = try bench.id("b")
            try await bench.expect(.streamNotFound, of: "removing an unknown stream") {
                try await bench.backend.remove(id)
            }
        },
        BackendCheck("a removed stream is gone, and its name is free") { bench in
            try await bench.write("a", SampleBytes(), count: 100_000)
            try await bench.writeAndDrop("b", SampleBytes(), count: 100_000)
            for name in ["a", "b"] {
                try await bench.backend.remove(bench.id(name))
                try await bench.expectNoStream(name)
                try await bench.write(name, SampleBytes(seed: 2), count: 10)
                try await bench.expect(name, is: .sealed, with: SampleBytes(seed: 2), count: 10)
            }
        },
        BackendCheck("names that differ in case, or contain each other, are different streams") { bench in
            let names = ["a", "A", "aa", "a.b", "a-b", "a_b", "a.audio", "a.part", String(repeating: "x", count: 128)]
            for (index, name) in names.enumerated() {
                try await bench.write(name, SampleBytes(seed: UInt64(index) + 10), count: 100)
            }
            for (index, name) in names.enumerated() {
                try await bench.expect(name, is: .sealed, with: SampleBytes(seed: UInt64(index) + 10), count: 100)
            }
        },
    ]
}
