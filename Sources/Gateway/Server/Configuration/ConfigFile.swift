public import CacheProtocol
// The whole of Foundation, for JSONSerialization, which says where in the text it gave up.
import Foundation

/// Reads configurations from JSON (RFC 8259) and writes them back.
public enum ConfigFile {
    /// Reads a configuration.
    ///
    /// - Parameters:
    ///   - bytes: The file's bytes.
    ///   - file: Its name, for messages.
    /// - Returns: The top of the configuration.
    /// - Throws: ``ConfigError`` where the bytes are not one JSON object.
    public static func parse(_ bytes: [UInt8], file: String) throws(ConfigError) -> [String: ConfigValue] {
        let value: JSONValue
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw ConfigError(
                file: file,
                keyPath: "(the whole file)",
                found: bytes.isEmpty ? "nothing" : "text that is not JSON (\(Self.reason(bytes)))",
                accepted: "one JSON object (RFC 8259); see Configs/ for examples"
            )
        }
        guard case .object(let members) = value.value else {
            throw ConfigError(file: file, keyPath: "(the whole file)", found: value.value.kind, accepted: "an object")
        }
        return members
    }

    /// Where the text stops being JSON: the library's other reader tells, the decoder does not.
    private static func reason(_ bytes: [UInt8]) -> String {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            return "a value that fits no number"
        } catch {
            let text = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "\(error)"
            return text.hasSuffix(".") ? String(text.dropLast()) : text
        }
    }

    /// The values in force as indented JSON, keys sorted.
    ///
    /// - Parameter values: What ``ConfigSection/effective`` says.
    /// - Returns: Text with a final newline.
    public static func text(_ values: [String: ConfigValue]) -> String { Self.text(.object(values), indent: "") + "\n" }

    private static func text(_ value: ConfigValue, indent: String) -> String {
        let inner = indent + "  "
        switch value {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let value): return Self.quoted(value)
        case .array(let values): return "[" + values.map { Self.text($0, indent: inner) }.joined(separator: ", ") + "]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.sorted { $0.key < $1.key }
                .map { "\(inner)\(Self.quoted($0.key)): \(Self.text($0.value, indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

/// A JSON value as the library decodes it.
private struct JSONValue: Decodable {
    let value: ConfigValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self.value = .null
        } else if let value = try? container.decode(Bool.self) {
            self.value = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self.value = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self.value = .number(value)
        } else if let value = try? container.decode(String.self) {
            self.value = .string(value)
        } else if let values = try? container.decode([JSONValue].self) {
            self.value = .array(values.map { $0.value })
        } else {
            self.value = .object(try container.decode([String: JSONValue].self).mapValues { $0.value })
        }
    }
}
