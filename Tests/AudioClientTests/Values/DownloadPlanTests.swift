import Testing

@testable import AudioClient

@Suite("The plan of a download")
struct DownloadPlanTests {
    @Test("of any size, with any window and chunk, every byte is asked for once, in order, and none beyond the end")
    func coverage() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let size = Int64.random(in: 0...5_000, using: &generator)
            let chunk = Int.random(in: 1...700, using: &generator)
            let depth = Int.random(in: 1...8, using: &generator)
            let begin = Int64.random(in: 0...size, using: &generator)
            var plan = DownloadPlan(from: begin, size: size, chunkSize: chunk, depth: depth)
            var asked: [Int64] = []
            var next = begin
            while !plan.isComplete {
                while let (offset, length) = plan.nextGet() {
                    #expect(offset == next && length > 0 && offset + length <= size, "seed \(seed)")
                    next = offset + length
                    asked.append(length)
                    #expect(asked.count <= depth, "seed \(seed)")
                }
                // The oldest answer comes, in one piece or in two.
                let length = Int(asked.removeFirst())
                let first = Int.random(in: 0...length, using: &generator)
                _ = try plan.received(first, endsMessage: false)
                _ = try plan.received(length - first, endsMessage: true)
            }
            #expect(next == size && plan.delivered == size && asked.isEmpty, "seed \(seed)")
            let beyond = plan.nextGet()
            #expect(beyond == nil, "seed \(seed)")
        }
    }

    @Test("of unknown size, one question is asked at a time, up to an empty or short answer")
    func unknownSize() throws {
        for last in [0, 5, 99] {
            var plan = DownloadPlan(size: nil, chunkSize: 100, depth: 32)
            let first = plan.nextGet()
            #expect(first?.offset == 0 && first?.length == 100)
            let second = plan.nextGet()
            #expect(second == nil)
            let step = try plan.received(100, endsMessage: true)
            #expect(step == .more)
            let third = plan.nextGet()
            #expect(third?.offset == 100 && third?.length == 100)
            let final = try plan.received(last, endsMessage: true)
            #expect(final == .complete)
            #expect(plan.delivered == Int64(100 + last))
        }
    }

    @Test("an ERROR is the end only of a stream of unknown size that has begun, and if it says so")
    func errors() throws {
        var unknown = DownloadPlan(size: nil, chunkSize: 100, depth: 1)
        _ = unknown.nextGet()
        let atTheStart = unknown.refused("No data available")
        #expect(!atTheStart)
        _ = try unknown.received(100, endsMessage: true)
        _ = unknown.nextGet()
        let otherReason = unknown.refused("Disk on fire")
        #expect(!otherReason)
        let atTheEnd = unknown.refused("No data available")
        #expect(atTheEnd && unknown.isComplete)

        var known = DownloadPlan(from: 100, size: 300, chunkSize: 100, depth: 1)
        _ = known.nextGet()
        let tooEarly = known.refused("No data available")
        #expect(!tooEarly)
    }

    @Test("an answer that is too long, unasked, too short in a row of several, or empty before the end is an error")
    func violations() async {
        let unasked = await clientError {
            var plan = DownloadPlan(size: 100, chunkSize: 100, depth: 1)
            _ = try plan.received(1, endsMessage: false)
        }
        #expect(unasked?.code == .violation)
        let tooLong = await clientError {
            var plan = DownloadPlan(size: 100, chunkSize: 50, depth: 1)
            _ = plan.nextGet()
            _ = try plan.received(51, endsMessage: false)
        }
        #expect(tooLong?.code == .violation)
        let tooShort = await clientError {
            var plan = DownloadPlan(size: 100, chunkSize: 50, depth: 2)
            _ = plan.nextGet()
            _ = plan.nextGet()
            _ = try plan.received(49, endsMessage: true)
        }
        #expect(tooShort?.code == .violation)
        let empty = await clientError {
            var plan = DownloadPlan(size: 100, chunkSize: 50, depth: 1)
            _ = plan.nextGet()
            _ = try plan.received(0, endsMessage: true)
        }
        #expect(empty?.code == .badData)
    }

    @Test(
        "sentences that mean the end are known from others",
        arguments: [
            ("No data available", true), ("no data available for stream x at offset 5", true), ("End of stream", true),
            ("Offset beyond end of file", true), ("Offset out of range", true), ("Stream not found: eof", false),
            ("Internal error", false), ("", false),
        ]
    )
    func sentences(text: String, isEnd: Bool) {
        #expect(EndOfStream.isMeant(by: text) == isEnd)
    }
}
