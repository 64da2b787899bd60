import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One thing that was logged, and how it reads on one line of not more than ``LogOutput/longestLine`` bytes.
struct LogRecord {
    /// When, in milliseconds since 1970.
    var time: Int64
    var level: Logger.Level
    /// Which part of the program.
    var label: String
    var message: String
    /// More about it, sorted by name.
    var metadata: [(key: String, value: String)]

    /// How many bytes of the line the message may take, and one value.
    private static let longestMessage = 2_000
    private static let longestValue = 1_000
    /// What is left for saying that there was more.
    private static let longestRest = LogOutput.longestLine - 64

    /// `2026-11-25T21:30:00.123Z notice gateway: url=ws://127.0.0.1:8080/audio listening`, laid out as by swift-log's own
    /// handler: the facts, and then what they are facts of.
    var text: String {
        var line = "\(Self.timestamp(self.time)) \(self.level.rawValue) "
        Self.append(self.label, quoted: false, limit: 100, to: &line)
        line += ":"
        var message = " "
        Self.append(self.message, quoted: false, limit: Self.longestMessage, to: &message)
        for (key, value) in self.metadata {
            var field = " "
            Self.append(key, quoted: false, limit: 100, to: &field)
            field += "="
            let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x7F }
            Self.append(value, quoted: !isPlain, limit: Self.longestValue, to: &field)
            guard line.utf8.count + field.utf8.count + message.utf8.count <= Self.longestRest else {
                line += " truncated=true"
                break
            }
            line += field
        }
        return line + message
    }

    /// One JSON object (RFC 8259): `time`, `level`, `logger`, `message`, and the metadata beside them. Metadata of one of
    /// these names has an underscore before it.
    var json: String {
        var line = "{\"time\":\"\(Self.timestamp(self.time))\",\"level\":\"\(self.level.rawValue)\",\"logger\":"
        Self.append(self.label, quoted: true, limit: 100, to: &line)
        line += ",\"message\":"
        Self.append(self.message, quoted: true, limit: Self.longestMessage, to: &line)
        for (key, value) in self.metadata {
            var field = ","
            Self.append(Self.ownNames.contains(key) ? "_" + key : key, quoted: true, limit: 100, to: &field)
            field += ":"
            Self.append(value, quoted: true, limit: Self.longestValue, to: &field)
            guard line.utf8.count + field.utf8.count <= Self.longestRest else { return line + ",\"truncated\":true}" }
            line += field
        }
        return line + "}"
    }

    private static let ownNames = ["time", "level", "logger", "message", "truncated"]

    /// Text on one line, in not many more than so many bytes: control characters are escaped, so that nothing that was
    /// logged can pretend to be a line of its own. Quoted, it is a JSON string.
    private static func append(_ text: String, quoted: Bool, limit: Int, to line: inout String) {
        let end = line.utf8.count + limit
        if quoted { line += "\"" }
        for scalar in text.unicodeScalars {
            guard line.utf8.count < end else {
                line += "…"
                break
            }
            switch scalar {
            case "\"" where quoted: line += "\\\""
            case "\\" where quoted: line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            // Controls, and the two that end lines elsewhere.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: line.unicodeScalars.append(scalar)
            }
        }
        if quoted { line += "\"" }
    }

    /// RFC 3339, in UTC, to the millisecond.
    static func timestamp(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return "-" }
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let digits = "\(value)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(parts.tm_year + 1_900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))T"
            + "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))."
            + "\(padded(milliseconds % 1_000, 3))Z"
    }
}
