import TestSupport

/// Changes inputs as a fuzzer does that sees nothing of the code: bits, bytes, lengths, and pieces of other inputs.
struct Mutation {
    /// What pieces are taken from.
    let corpus: [[UInt8]]

    /// Another input, made of one or two of the corpus.
    func input(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = self.corpus.randomElement(using: &random) ?? []
        for _ in 0...Int.random(in: 0...4, using: &random) { self.change(&bytes, &random) }
        return Array(bytes.prefix(4_096))
    }

    private func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else {
            bytes = [UInt8.random(in: 0...255, using: &random)]
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = Int.random(in: place...min(bytes.count, place + 16), using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = [0, 0x7D, 0x7E, 0x7F, 0x80, 0xFF, 0x22, 0x5C].randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 5: bytes.removeSubrange(place...)
        default:
            let other = self.corpus.randomElement(using: &random) ?? []
            let start = Int.random(in: 0...other.count, using: &random)
            bytes.replaceSubrange(place..<end, with: other[start..<min(other.count, start + 32)])
        }
    }
}
