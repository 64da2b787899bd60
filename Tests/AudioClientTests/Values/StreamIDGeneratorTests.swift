import Testing
import Wire

@testable import AudioClient

@Suite("Stream ids")
struct StreamIDGeneratorTests {
    @Test("ids are stream- and a UUID of version 7")
    func form() throws {
        let pattern = /stream-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for _ in 0..<1_000 {
            let id = StreamIDGenerator().next()
            #expect(try pattern.wholeMatch(in: id) != nil, "\(id)")
        }
    }

    @Test("ids rise strictly, whatever the clock does")
    func rise() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var sequence = UUIDv7Sequence()
        var now: UInt64 = 1_700_000_000_000
        var last = ""
        for _ in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: now += UInt64.random(in: 1...1_000, using: &generator)
            case 1: now -= UInt64.random(in: 1...1_000, using: &generator)
            default: break
            }
            let uuid = sequence.next(now: now, using: &generator)
            let text = UUIDv7Sequence.text(high: uuid.high, low: uuid.low)
            #expect(text > last, "seed \(seed)")
            last = text
        }
    }

    @Test("the time is in the first 48 bits")
    func time() {
        var generator = SeededGenerator(seed: 3)
        var sequence = UUIDv7Sequence()
        let uuid = sequence.next(now: 0x0123_4567_89AB, using: &generator)
        #expect(UUIDv7Sequence.text(high: uuid.high, low: uuid.low).hasPrefix("01234567-89ab-7"))
    }

    @Test("ids made on many threads at once are all different")
    func threads() async {
        let generator = StreamIDGenerator()
        let ids = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2_000).map { _ in generator.next() } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(ids).count == 16_000)
    }
}
