/// A SHA-256 digest (FIPS 180-4): 32 bytes, compared and shown as 64 lower-case hexadecimal digits.
///
/// Only the value; whoever computes it brings the algorithm.
public struct SHA256Value: Hashable, Sendable {
    /// How many bytes a digest has.
    public static let byteCount = 32

    /// The bytes, most significant first.
    public let bytes: [UInt8]

    /// Takes the bytes of a digest.
    ///
    /// - Parameter bytes: The bytes as the hash function returned them.
    /// - Returns: `nil` unless there are exactly 32.
    public init?(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        guard self.bytes.count == Self.byteCount else { return nil }
    }

    /// Reads a digest from hexadecimal digits of either case.
    ///
    /// - Parameter hexadecimal: Exactly 64 digits.
    /// - Returns: `nil` where there are more, fewer or others.
    public init?(hexadecimal: String) {
        let digits = Array(hexadecimal.utf8)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.nibble(digits[index]), let low = Self.nibble(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension SHA256Value: CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: self.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] },
            as: UTF8.self
        )
    }
}
