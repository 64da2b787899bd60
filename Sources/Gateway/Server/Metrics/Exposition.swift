/// Prometheus' text exposition format, version 0.0.4.
///
/// See <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.
enum Exposition {
    /// What the format is called in `Content-Type`.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Families as text, in the order given; those without a sample are left out.
    static func text(_ families: some Sequence<MetricFamily>) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty {
            text += "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += family.name + sample.suffix
                if !sample.labels.isEmpty {
                    let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
                    text += "{" + labels.joined(separator: ",") + "}"
                }
                text += " \(Self.number(sample.value))\n"
            }
        }
        return text
    }

    /// A number as Go reads it: whole ones without a point, and the three that are none by their names.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Inf" : "+Inf" }
        // Up to 2^53 a whole number is exact, and more legible.
        guard value.magnitude <= 9_007_199_254_740_992, let whole = Int64(exactly: value) else { return "\(value)" }
        return "\(whole)"
    }

    /// Help texts escape backslashes and line feeds; values of labels quotation marks too. Bytes are looked at: to
    /// `Character`, a carriage return and a line feed are one.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [byte, byte]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\"") where quotes: bytes += [UInt8(ascii: "\\"), byte]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
