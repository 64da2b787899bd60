/// How far something has got, as one line of a terminal.
public enum ProgressBar {
    /// How many characters the bar has.
    public static let width = 30

    /// The line.
    ///
    /// - Parameters:
    ///   - name: What is being done.
    ///   - done: How many bytes are done.
    ///   - total: How many there are, where that is known.
    /// - Returns: At most 80 characters, for names of at most 10, without a line break.
    public static func line(_ name: String, done: Int64, total: Int64?) -> String {
        let amount = Self.amount(done)
        guard let total, total > 0 else { return "\(name)  \(amount)" }
        let share = min(max(Double(done) / Double(total), 0), 1)
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        let percent = String(Int(share * 100))
        let padding = String(repeating: " ", count: 3 - percent.count)
        return "\(name)  [\(bar)] \(padding)\(percent) %  \(amount) of \(Self.amount(total))"
    }

    /// An amount of bytes, short: `512 B`, `1.5 MB`.
    ///
    /// - Parameter bytes: How many; 0 or more.
    /// - Returns: Three or so digits, in units of a power of 1,000.
    public static func amount(_ bytes: Int64) -> String {
        guard bytes >= 1_000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1_000
        var units = ["kB", "MB", "GB", "TB", "PB", "EB"][...]
        while value >= 999.95, units.count > 1 {
            value /= 1_000
            units = units.dropFirst()
        }
        return "\(self.decimal(value)) \(units.first ?? "")"
    }

    /// A number with one digit after the point, rounded.
    ///
    /// - Parameter value: The number, 0 or more and below 10^15.
    /// - Returns: Such as `812.3`.
    public static func decimal(_ value: Double) -> String {
        guard value.isFinite, value >= 0, value < 1e15 else { return "-" }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
