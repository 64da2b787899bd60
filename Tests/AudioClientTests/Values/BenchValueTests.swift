import NIOCore
import Testing
import Wire

@testable import AudioClient

@Suite("What the load generator counts by")
struct BenchValueTests {
    @Test("a percentile is right to within one part in 128, over the whole range", arguments: 1...10)
    func percentiles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var histogram = LatencyHistogram()
        let values = (0..<2_000).map { _ in
            Int64.random(in: 0...(Int64(1) << Int64.random(in: 0...41, using: &random)), using: &random)
        }.sorted()
        for value in values.shuffled(using: &random) { histogram.record(value) }
        try #require(histogram.count == 2_000)
        for share in [0.001, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = values[max(0, Int((share * 2_000).rounded(.up)) - 1)]
            let found = histogram.percentile(share)
            try #require(found >= exact && Double(found) <= Double(exact) * (1 + 1 / 128.0) + 1)
        }
    }

    @Test("buckets leave no gap: each begins behind the one before")
    func buckets() {
        var value: Int64 = 0
        var bucket = 0
        while value <= LatencyHistogram.longest {
            #expect(LatencyHistogram.bucket(of: value) == bucket)
            let upper = LatencyHistogram.upperBound(of: bucket)
            #expect(LatencyHistogram.bucket(of: upper) == bucket)
            value = upper + 1
            bucket += 1
        }
        #expect(bucket == LatencyHistogram.bucket(of: LatencyHistogram.longest) + 1)
    }

    @Test("what is out of range counts as the nearest in it, and nothing recorded is 0")
    func edges() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.5) == 0)
        histogram.record(-5)
        histogram.record(.max)
        #expect(histogram.percentile(0) == 0)
        #expect(histogram.percentile(1) == LatencyHistogram.longest)
    }

    @Test("adding histograms is recording everything in one")
    func adding() {
        var (first, second, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in stride(from: Int64(1), to: 1_000_000, by: 997) {
            if value % 2 == 0 { first.record(value) } else { second.record(value) }
            both.record(value)
        }
        var sum = LatencyHistogram()
        sum.add(first)
        sum.add(second)
        sum.add(LatencyHistogram())
        #expect(sum == both)
    }

    @Test("the spread is the middle and the ends")
    func spread() {
        #expect(Spread([]) == nil)
        #expect(Spread([3, 1, 2])?.median == 2)
        #expect(Spread([4, 1, 2, 3]).map { [$0.median, $0.minimum, $0.maximum] } == [2.5, 1, 4])
    }

    @Test("packets tell how long they were on their way, however they are cut", arguments: 1...20)
    func packets(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let length = Int.random(in: 8...700, using: &random)
        var stream = ByteBuffer()
        for index in 0..<50 {
            var packet = TimestampedPackets.packet(at: 1_000_000 + UInt64(index), length: length)
            stream.writeBuffer(&packet)
        }
        var packets = TimestampedPackets(length: length)
        while stream.readableBytes > 0 {
            let count = Int.random(in: 1...min(stream.readableBytes, 1_000), using: &random)
            guard let part = stream.readSlice(length: count) else { break }
            packets.received(part, at: 1_000_100)
        }
        try #require(packets.latencies.count == 50)
        try #require(packets.latencies.maximum == 100 && packets.latencies.percentile(0) == 51)
    }

    @Test("with many connections the streams get smaller, and are whole chunks")
    func sizes() throws {
        var plan = BenchPlan(.upload)
        #expect(plan.streamSize == 64 << 20)
        plan.connections = 100
        #expect(plan.streamSize % 65_536 == 0 && plan.streamSize * 100 <= (1 << 30) + 100 * 65_536)
        plan.connections = 100_000
        #expect(plan.streamSize == 65_536)
        plan.size = 1
        #expect(plan.streamSize == 65_536)
        plan.size = 0
        #expect(plan.streamSize == 0)
        #expect(throws: Never.self) { try plan.validate() }
        plan.mode = .download
        #expect(throws: ClientError.self) { try plan.validate() }
        var live = BenchPlan(.live)
        (live.connections, live.tails) = (3, 4)
        #expect(live.totalConnections == 15 && live.packetLength == 640)
        live.repetitions = 0
        #expect(throws: ClientError.self) { try live.validate() }
    }

    @Test("the frames that are sent over and over are frames, masked, and as many as asked for")
    func frames() throws {
        let frames = BenchFrames(chunkSize: 1_000, blockLength: 5_500)
        #expect(frames.frames == 5)
        #expect(frames.next(of: 7).frames == 5)
        let (bytes, count) = frames.next(of: 2)
        #expect(count == 2)
        var parser = FrameParser(role: .server)
        var unread = bytes
        var lengths: [Int] = []
        while case .binary(let part, true)? = try parser.next(&unread) { lengths.append(part.count) }
        #expect(lengths == [1_000, 1_000] && unread.readableBytes == 0)
    }

    @Test("processor time and anonymous memory are read past whatever a process is called")
    func processes() throws {
        let fields = (3...52).map { "\($0)" }.joined(separator: " ")
        let use = try #require(
            ProcessUse(
                stat: "17 (a ) b) S \(fields.dropFirst(2))",
                status: "Name:\ta\nVmRSS:\t  99 kB\nRssAnon:\t     25 kB\nRssFile:\t 1 kB\n",
                ticksPerSecond: 100
            )
        )
        // Fields 14 and 15 of proc(5).
        #expect(use.processorSeconds == 0.29 && use.anonymousBytes == 25 * 1_024)
        #expect(ProcessUse(stat: "", status: "", ticksPerSecond: 100) == nil)
        #expect(ProcessUse(stat: "17 (a) S 1", status: "RssAnon: 1 kB", ticksPerSecond: 100) == nil)
    }
}
