/// What the library says of UTF-8, as an oracle: slow, whole, and not ours.
enum UTF8Oracle {
    static func isWhole(_ bytes: some Sequence<UInt8>) -> Bool {
        String(validating: Array(bytes), as: UTF8.self) != nil
    }

    /// Whether some bytes could still follow that make the whole valid.
    static func isPrefix(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        if self.isWhole(bytes) { return true }
        // The second byte of a character has its own range after E0, ED, F0 and F4; one of these is in each.
        for first in [0x80, 0x90, 0xA0] as [UInt8] {
            for count in 1...3 {
                let completion = [first] + [UInt8](repeating: 0x80, count: count - 1)
                if self.isWhole(bytes + completion) { return true }
            }
        }
        return false
    }
}
