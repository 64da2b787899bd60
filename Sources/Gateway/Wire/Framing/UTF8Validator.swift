/// Checks UTF-8 (RFC 3629) as it arrives, in pieces cut anywhere, and says at the first wrong byte that it is wrong.
public struct UTF8Validator: Sendable {
    /// How many bytes the character that was begun still wants.
    private var missing = 0
    /// What the next byte of that character may be.
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    /// A validator at the beginning of a text.
    public init() {}

    /// Whether the text may end here: no character is cut short.
    public var isComplete: Bool { self.missing == 0 }

    /// Checks the next piece.
    ///
    /// - Parameter bytes: The bytes that follow those of the last call.
    /// - Returns: `false` as soon as the whole cannot become UTF-8 any more; the validator is then of no more use.
    public mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes {
            if self.missing > 0 {
                guard self.next.contains(byte) else { return false }
                self.missing -= 1
                self.next = 0x80...0xBF
                continue
            }
            switch byte {
            case 0x00...0x7F: break
            case 0xC2...0xDF: self.begin(1, 0x80...0xBF)
            case 0xE0: self.begin(2, 0xA0...0xBF)
            case 0xE1...0xEC, 0xEE, 0xEF: self.begin(2, 0x80...0xBF)
            case 0xED: self.begin(2, 0x80...0x9F)
            case 0xF0: self.begin(3, 0x90...0xBF)
            case 0xF1...0xF3: self.begin(3, 0x80...0xBF)
            case 0xF4: self.begin(3, 0x80...0x8F)
            default: return false
            }
        }
        return true
    }

    private mutating func begin(_ missing: Int, _ next: ClosedRange<UInt8>) {
        self.missing = missing
        self.next = next
    }
}
