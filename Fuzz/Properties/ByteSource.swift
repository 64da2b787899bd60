/// Numbers and choices out of the first bytes of an input; zeros where there are no more.
struct ByteSource {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.rest = bytes[...] }

    /// What was not taken.
    var remaining: [UInt8] { Array(self.rest) }

    mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

    mutating func number() -> Int64 {
        var number: UInt64 = 0
        for _ in 0..<8 { number = number << 8 | UInt64(self.byte()) }
        return Int64(bitPattern: number)
    }
}
