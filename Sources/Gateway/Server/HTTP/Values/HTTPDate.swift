import CacheProtocol

/// A moment of HTTP, in whole seconds (RFC 9110, 5.6.7).
struct HTTPDate: Hashable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z.
    let secondsSinceEpoch: Int64

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsOfDay: Int64 = 86_400

    /// The second that a moment is in.
    init(_ timestamp: Timestamp) {
        let (seconds, rest) = timestamp.millisecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000)
        self.secondsSinceEpoch = rest < 0 ? seconds - 1 : seconds
    }

    /// Reads a date as HTTP writes it today: `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// The two forms of old are not read: a condition with such a date is passed over, which costs a transfer and is
    /// never wrong.
    ///
    /// - Parameter text: The value of a header.
    /// - Returns: `nil` where it is anything else.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, bytes[3] == UInt8(ascii: ","), bytes[19] == UInt8(ascii: ":"),
            bytes[22] == UInt8(ascii: ":"), bytes[25...].elementsEqual(" GMT".utf8),
            [4, 7, 11, 16].allSatisfy({ bytes[$0] == UInt8(ascii: " ") }),
            let month = Self.months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) })
        else { return nil }
        let numbers = [5..<7, 12..<16, 17..<19, 20..<22, 23..<25].map { Self.number(bytes[$0]) }
        guard let day = numbers[0], let year = numbers[1], let hour = numbers[2], let minute = numbers[3],
            let second = numbers[4], (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = Self.days(year: year, month: Int64(month) + 1, day: day)
        self.secondsSinceEpoch = days * Self.secondsOfDay + hour * 3_600 + minute * 60 + second
    }

    /// The header's value.
    var fieldValue: String {
        let ofDay = (self.secondsSinceEpoch % Self.secondsOfDay + Self.secondsOfDay) % Self.secondsOfDay
        let days = (self.secondsSinceEpoch - ofDay) / Self.secondsOfDay
        let (year, month, day) = Self.date(days)
        let weekday = Self.days[Int(((days + 3) % 7 + 7) % 7)]
        let date = "\(Self.padded(day, 2)) \(Self.months[Int(month) - 1]) \(Self.padded(year, 4))"
        let time = [ofDay / 3_600, ofDay / 60 % 60, ofDay % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(weekday), \(date) \(time) GMT"
    }

    static func < (lhs: Self, rhs: Self) -> Bool { lhs.secondsSinceEpoch < rhs.secondsSinceEpoch }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    // Days of the Gregorian calendar, counted in years that begin in March, so that leap days come last.

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = days + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
