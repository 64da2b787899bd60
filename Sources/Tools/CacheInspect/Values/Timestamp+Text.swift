import CacheProtocol

extension Timestamp {
    /// The moment in UTC, as RFC 3339 has it: `2026-11-23T23:05:54Z`, with milliseconds where `precise`.
    func text(precise: Bool = false, separator: String = "T") -> String {
        let (seconds, milliseconds) = self.millisecondsSinceEpoch.flooredQuotient(by: 1_000)
        let (days, second) = seconds.flooredQuotient(by: 86_400)
        let (year, month, day) = Self.civil(daysSinceEpoch: days)
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        let clock = [second / 3_600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(date)\(separator)\(clock)" + (precise ? ".\(Self.padded(milliseconds, 3))" : "") + "Z"
    }

    /// The date in the Gregorian calendar: Howard Hinnant's `civil_from_days`.
    private static func civil(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredQuotient(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}

extension Int64 {
    /// The quotient rounded down, and the remainder, 0 or more.
    fileprivate func flooredQuotient(by divisor: Int64) -> (Int64, Int64) {
        let remainder = (self % divisor + divisor) % divisor
        return ((self - self % divisor) / divisor - (self % divisor < 0 ? 1 : 0), remainder)
    }
}
