/// A time of the wire as people write it, in UTC: Howard Hinnant's civil_from_days, for the years 1970 to 9999.
struct CalendarTime: Hashable, Sendable {
    private let seconds: Int64

    /// Takes a time.
    ///
    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z; brought into range where it is not.
    init(milliseconds: Int64) { self.seconds = min(max(0, milliseconds / 1_000), 253_402_300_799) }

    /// Such as `2026-01-31 08:05:09`.
    var text: String {
        let days = self.seconds / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let time = self.seconds % 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day)) \(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))"
    }
}
