/// A number such as `12` or `1.5`, kept exactly.
struct DecimalNumber: Hashable {
    var whole: Int64
    /// What stands behind the point, as a fraction of at most a million parts.
    var numerator: Int64 = 0
    var denominator: Int64 = 1

    /// Reads digits, or digits, a point and one to six digits.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isDigit) }),
            let whole = Int64(parts[0])
        else { return nil }
        self.whole = whole
        guard parts.count == 2 else { return }
        guard parts[1].utf8.count <= 6, let numerator = Int64(parts[1]) else { return nil }
        self.numerator = numerator
        for _ in parts[1].utf8 { self.denominator *= 10 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The product with a unit, 0 or more, rounded down; `nil` where it doesn't fit.
    func times(_ unit: Int64) -> Int64? {
        let (product, overflow) = self.whole.multipliedReportingOverflow(by: unit)
        // The numerator is below the denominator, and both are at most a million: neither term can overflow.
        let (quotient, remainder) = unit.quotientAndRemainder(dividingBy: self.denominator)
        let part = self.numerator * quotient + self.numerator * remainder / self.denominator
        let (sum, overflow2) = product.addingReportingOverflow(part)
        return overflow || overflow2 ? nil : sum
    }
}
