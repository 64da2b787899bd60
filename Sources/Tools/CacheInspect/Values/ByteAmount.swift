/// Amounts of bytes as people write and read them: `512`, `10K`, `1.5M`, `2G`.
///
/// The letters are powers of 1,024, as restic, du(1) and ls(1) have it; `2GiB` says the same. `GB`, which is a power of
/// 1,000 to some, is not understood.
public enum ByteAmount {
    private static let letters = ["", "K", "M", "G", "T", "P", "E"]

    /// Reads an amount.
    ///
    /// - Parameter text: Digits, with or without a decimal point, and a letter of either case.
    /// - Returns: Bytes, 0 or more; `nil` where the text is no amount, or none that fits 63 bits.
    public static func parse(_ text: String) -> Int64? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text[number.endIndex...].uppercased()
        if unit == "B" { unit = "" }
        if unit.count == 3, unit.hasSuffix("IB") { unit.removeLast(2) }
        guard let power = Self.letters.firstIndex(of: unit) else { return nil }
        return DecimalNumber(number)?.times(1 << Int64(10 * power))
    }

    /// An amount, short.
    ///
    /// - Parameter bytes: How many; 0 or more.
    /// - Returns: At most seven characters: whole bytes below 1,024, otherwise a number with one digit behind the point.
    public static func text(_ bytes: Int64) -> String {
        guard bytes >= 1_024 else { return "\(bytes)" }
        var value = Double(bytes) / 1_024
        var power = 1
        while value >= 1_023.95, power < Self.letters.count - 1 {
            value /= 1_024
            power += 1
        }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)\(Self.letters[power])"
    }
}
