/// UUIDs of version 7 (RFC 9562, 5.7) that rise from one to the next, also within one millisecond and when the clock
/// is set back.
///
/// The 42 bits after the time are a counter that begins anywhere in its lower half each millisecond (RFC 9562, 6.2,
/// method 1); the last 32 bits are chance.
package struct UUIDv7Sequence: Sendable {
    private static let counterBits: UInt64 = 42

    private var milliseconds: UInt64 = 0
    private var counter: UInt64 = 0

    /// Nothing has been made yet.
    package init() {}

    /// The next UUID.
    ///
    /// - Parameters:
    ///   - now: Milliseconds since 1970-01-01T00:00:00Z.
    ///   - generator: Where chance comes from.
    /// - Returns: 16 bytes, in two words, the more significant first.
    package mutating func next(
        now: UInt64,
        using generator: inout some RandomNumberGenerator
    ) -> (high: UInt64, low: UInt64) {
        if now > self.milliseconds {
            self.milliseconds = now
            self.counter = generator.next() >> (64 - Self.counterBits + 1)
        } else {
            self.counter += 1
            if self.counter >> Self.counterBits != 0 {
                self.counter = 0
                self.milliseconds += 1
            }
        }
        let time = self.milliseconds & 0xFFFF_FFFF_FFFF
        let high = time << 16 | 0x7000 | self.counter >> 30
        let chance = UInt64(UInt32.random(in: .min ... .max, using: &generator))
        let low = 0x8000_0000_0000_0000 | (self.counter & 0x3FFF_FFFF) << 32 | chance
        return (high, low)
    }

    /// A UUID as it is written (RFC 9562, 4).
    package static func text(high: UInt64, low: UInt64) -> String {
        let digits = Self.hexadecimal(high) + Self.hexadecimal(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
