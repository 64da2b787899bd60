import CacheProtocol

/// A moment as the calendar has it, in UTC, to the second: what signatures and HTTP write.
struct CivilTime: Hashable, Sendable {
    var year: Int64
    var month: Int64
    var day: Int64
    var hour: Int64
    var minute: Int64
    var second: Int64

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    init(_ time: Timestamp) {
        let seconds = Self.floorDivide(time.millisecondsSinceEpoch, 1_000)
        let days = Self.floorDivide(seconds, 86_400)
        let rest = seconds - days * 86_400
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years that begin in March.
        let shifted = days + 719_468
        let era = Self.floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
        (self.hour, self.minute, self.second) = (rest / 3_600, rest / 60 % 60, rest % 60)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private init?(year: Int64?, month: Int64?, day: Int64?, hour: Int64?, minute: Int64?, second: Int64?) {
        guard let year, let month, let day, let hour, let minute, let second, (0...9_999).contains(year),
            (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// Reads `2026-11-25T21:14:36.000Z` (RFC 3339), as stores write it; fractions of a second are left out.
    init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        self.init(
            year: Self.number(bytes[0..<4]),
            month: Self.number(bytes[5..<7]),
            day: Self.number(bytes[8..<10]),
            hour: Self.number(bytes[11..<13]),
            minute: Self.number(bytes[14..<16]),
            second: Self.number(bytes[17..<19])
        )
    }

    /// Reads `Wed, 25 Nov 2026 21:14:35 GMT` (RFC 9110, 5.6.7).
    init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = Self.months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let time = words[4].split(separator: ":")
        guard time.count == 3 else { return nil }
        self.init(
            year: Int64(words[3]),
            month: Int64(month + 1),
            day: Int64(words[1]),
            hour: Int64(time[0]),
            minute: Int64(time[1]),
            second: Int64(time[2])
        )
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: digits, as: UTF8.self))
    }

    /// The moment.
    var timestamp: Timestamp {
        let year = self.month <= 2 ? self.year - 1 : self.year
        let era = Self.floorDivide(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (self.month > 2 ? self.month - 3 : self.month + 9) + 2) / 5 + self.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let seconds = days * 86_400 + self.hour * 3_600 + self.minute * 60 + self.second
        return Timestamp(millisecondsSinceEpoch: seconds * 1_000)
    }

    /// `20261125`
    var date: String { Self.padded(self.year, 4) + Self.padded(self.month, 2) + Self.padded(self.day, 2) }

    /// `20261125T211436Z`, the basic form of ISO 8601 that signatures use.
    var basic: String {
        "\(self.date)T\(Self.padded(self.hour, 2))\(Self.padded(self.minute, 2))\(Self.padded(self.second, 2))Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
