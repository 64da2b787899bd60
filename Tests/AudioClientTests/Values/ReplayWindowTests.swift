import Testing

@testable import AudioClient

@Suite("What may have to be sent again")
struct ReplayWindowTests {
    private func append(_ bytes: [UInt8], to window: inout ReplayWindow) { bytes.withUnsafeBytes { window.append($0) } }

    private func read(_ window: ReplayWindow, from place: Int64, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let copied = bytes.withUnsafeMutableBytes { window.copy(from: place, into: $0) }
        return Array(bytes.prefix(copied))
    }

    @Test("is always the last bytes, up to the limit and not before what was forgotten", arguments: 1...30)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...200_000, using: &random)
        var window = ReplayWindow(limit: limit)
        var all: [UInt8] = []
        var forgotten = 0
        for _ in 0..<60 {
            if Int.random(in: 0..<4, using: &random) == 0 {
                forgotten = max(forgotten, Int.random(in: 0...all.count, using: &random))
                window.forget(before: Int64(forgotten))
            } else {
                let bytes = random.bytes(Int.random(in: 0...min(limit, 9_000), using: &random))
                self.append(bytes, to: &window)
                all += bytes
            }
            let base = max(forgotten, all.count - limit)
            try #require(window.base == Int64(base) && window.end == Int64(all.count))
            let place = Int.random(in: base...all.count, using: &random)
            let count = Int.random(in: 0...5_000, using: &random)
            try #require(self.read(window, from: Int64(place), count) == Array(all[place...].prefix(count)))
            try #require(window.room(keeping: Int64(place)) == limit - (all.count - place))
        }
    }

    @Test("what is not kept can't be had")
    func outside() {
        var window = ReplayWindow(limit: 4)
        self.append([1, 2, 3, 4], to: &window)
        self.append([5, 6], to: &window)
        #expect(!window.contains(1) && window.contains(2) && window.contains(6) && !window.contains(7))
        #expect(self.read(window, from: 1, 4).isEmpty)
        #expect(self.read(window, from: 2, 9) == [3, 4, 5, 6])
        #expect(window.room(keeping: 2) == 0 && window.room(keeping: 6) == 4)
    }
}
