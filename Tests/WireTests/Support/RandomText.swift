extension SplitMix64 {
    /// A character of any length in UTF-8, and of those that JSON must escape more than their share.
    mutating func scalar() -> Unicode.Scalar {
        switch Int.random(in: 0..<8, using: &self) {
        case 0: return self.pick(["\"", "\\", "/", "\n", "\r", "\t", "\0", "\u{1F}", "\u{7F}", "\u{8}", "\u{C}"])
        case 1: return Unicode.Scalar(UInt32.random(in: 0x80...0x7FF, using: &self)) ?? "ß"
        case 2: return Unicode.Scalar(UInt32.random(in: 0x800...0xFFFF, using: &self)) ?? "€"
        case 3: return Unicode.Scalar(UInt32.random(in: 0x1_0000...0x10_FFFF, using: &self)) ?? "🎧"
        default: return Unicode.Scalar(UInt8.random(in: 0x20...0x7E, using: &self))
        }
    }

    /// A text of so many scalars at most.
    mutating func text(upTo count: Int) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...count, using: &self) { text.append(self.scalar()) }
        return String(text)
    }
}
