import CacheProtocol

/// A length of time as people write it: `500ms`, `30s`, `10m`, `2h`, `7d`, `4w`, or several together, the longest
/// first: `1h30m`.
public struct TimeSpan: Hashable, Sendable, Comparable, CustomStringConvertible {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// The length in milliseconds, 0 or more.
    public var milliseconds: Int64

    /// Makes a length.
    ///
    /// - Parameter milliseconds: Milliseconds; less than 0 is taken for 0.
    public init(milliseconds: Int64) { self.milliseconds = max(milliseconds, 0) }

    /// Reads a length.
    ///
    /// - Parameter text: Such as `2h` or `1h30m`; fractions as in `1.5h` are fine.
    /// - Returns: `nil` where the text is none, or none that fits.
    public init?(_ text: String) {
        var rest = text[...]
        var remaining = Self.units[...]
        var sum: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[number.endIndex...]
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[name.endIndex...]
            guard let index = remaining.firstIndex(where: { $0.name == name }), let decimal = DecimalNumber(number),
                let part = decimal.times(remaining[index].milliseconds)
            else { return nil }
            remaining = remaining[(index + 1)...]
            let (total, overflow) = sum.addingReportingOverflow(part)
            guard !overflow else { return nil }
            sum = total
        }
        self.milliseconds = sum
    }

    /// The length exactly, such as `1h30m`.
    public var description: String { Self.text(self.milliseconds, parts: .max) }

    /// The length in its two biggest units, cut off there: `3d4h`, `12s`; below a second in milliseconds.
    public var short: String {
        let whole = self.milliseconds < 1_000 ? self.milliseconds : self.milliseconds / 1_000 * 1_000
        return Self.text(whole, parts: 2)
    }

    private static func text(_ milliseconds: Int64, parts: Int) -> String {
        var rest = milliseconds
        var text = ""
        var left = parts
        for unit in Self.units {
            let count = rest / unit.milliseconds
            rest %= unit.milliseconds
            // A unit of the short form counts from the first one on, so that `1w` and 3 hours don't read as neighbours.
            if count > 0 { text += "\(count)\(unit.name)" }
            if count > 0 || !text.isEmpty { left -= 1 }
            if left == 0 { break }
        }
        return text.isEmpty ? "0s" : text
    }

    /// Orders lengths.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.milliseconds < rhs.milliseconds }
}

extension TimeSpan {
    /// The time between two moments; none where they are the other way round.
    init(from start: Timestamp, to end: Timestamp) {
        let (difference, overflow) = end.millisecondsSinceEpoch
            .subtractingReportingOverflow(start.millisecondsSinceEpoch)
        self.init(milliseconds: overflow ? (start < end ? .max : 0) : difference)
    }

    /// So many seconds; the longest there is where that would be longer.
    init(seconds: Int64) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        self.init(milliseconds: overflow ? (seconds < 0 ? 0 : .max) : milliseconds)
    }
}
