/// Random numbers that a seed repeats: Vigna's SplitMix64.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// `true` once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    /// An element of a list that is not empty.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }

    /// So many random bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            var word: UInt64 = 0
            for index in 0..<count {
                if index & 7 == 0 { word = self.next() }
                target.initializeElement(at: index, to: UInt8(truncatingIfNeeded: word >> (8 * UInt64(index & 7))))
            }
            initialized = count
        }
    }

    /// A list cut into pieces at random places, some of them empty.
    mutating func pieces(of bytes: [UInt8], meanLength: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...(2 * meanLength), using: &self))
            pieces.append(Array(piece))
            rest.removeFirst(piece.count)
        }
        return pieces
    }
}
