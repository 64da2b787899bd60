/// One metric with all its series, as a scrape sees it.
struct MetricFamily: Hashable {
    /// What kind of figure it is.
    enum Kind: String, Hashable {
        /// Only ever grows, until the process ends.
        case counter
        case gauge
        case histogram
    }

    struct Label: Hashable, Comparable {
        var name: String
        var value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        static func < (one: Self, other: Self) -> Bool { (one.name, one.value) < (other.name, other.value) }
    }

    /// One line: `name` + `suffix` { `labels` } `value`.
    struct Sample: Hashable {
        var suffix = ""
        var labels: [Label] = []
        var value: Double
    }

    var name: String
    var help: String
    var kind: Kind
    var samples: [Sample]
}

extension MetricFamily {
    /// A name by Prometheus' grammar, `[a-zA-Z_:][a-zA-Z0-9_:]*`: every other character becomes an underscore.
    static func name(_ label: String) -> String { Self.sanitized(label) { $0 == UInt8(ascii: ":") } }

    /// A label's name by Prometheus' grammar, `[a-zA-Z_][a-zA-Z0-9_]*`. Two leading underscores are Prometheus' own.
    static func labelName(_ label: String) -> String {
        let name = Self.sanitized(label) { _ in false }
        return name.hasPrefix("__") ? "_" + name.drop { $0 == "_" } : name
    }

    private static func sanitized(_ label: String, admits: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        for character in label.unicodeScalars {
            let byte = UInt8(exactly: character.value) ?? 0
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            default: bytes.append(admits(byte) ? byte : UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
