/// A part of all streams: `5%` of them, the first seventh (`1/7`), or as many as have `2G` together.
public enum Sample: Hashable, Sendable {
    /// About so many parts of a million, other streams each time.
    case millionths(Int)
    /// Always the same share of so many: seven runs with `1/7` to `7/7` see every stream once.
    case share(Int, of: Int)
    /// About so many bytes, of other streams each time.
    case bytes(Int64)

    /// Reads a sample.
    ///
    /// - Parameter text: A percentage above 0 and up to 100, two numbers `n/t` with 1 ≤ n ≤ t ≤ 1,000,000, or an
    ///   amount above 0 as ``ByteAmount`` reads it.
    /// - Returns: `nil` where the text is none of these.
    public init?(_ text: String) {
        if text.hasSuffix("%") {
            guard let parts = DecimalNumber(text.dropLast())?.times(10_000), (1...1_000_000).contains(parts) else {
                return nil
            }
            self = .millionths(Int(parts))
        } else if text.contains("/") {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { DecimalNumber($0) }
            guard parts.count == 2, let number = parts[0], let total = parts[1], number.denominator == 1,
                total.denominator == 1, (1...1_000_000).contains(total.whole), (1...total.whole).contains(number.whole)
            else { return nil }
            self = .share(Int(number.whole), of: Int(total.whole))
        } else {
            guard let bytes = ByteAmount.parse(text), bytes > 0 else { return nil }
            self = .bytes(bytes)
        }
    }
}

extension Sample: CustomStringConvertible {
    /// The sample as it is written.
    public var description: String {
        switch self {
        case .millionths(let parts):
            let fraction = parts % 10_000
            guard fraction > 0 else { return "\(parts / 10_000)%" }
            var digits = String(String(10_000 + fraction).dropFirst())
            while digits.hasSuffix("0") { digits.removeLast() }
            return "\(parts / 10_000).\(digits)%"
        case .share(let number, let total): return "\(number)/\(total)"
        case .bytes(let bytes):
            var value = bytes
            for letter in ["", "K", "M", "G", "T"] {
                if value % 1_024 != 0 || value == 0 { return "\(value)\(letter)" }
                value /= 1_024
            }
            return "\(value)P"
        }
    }
}
