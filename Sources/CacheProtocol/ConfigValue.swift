/// A value of a configuration, as JSON knows them (RFC 8259).
public indirect enum ConfigValue: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A whole number that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// A list.
    case array([ConfigValue])
    /// Named values.
    case object([String: ConfigValue])

    /// What a person calls this kind of value.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .string(let value): value.count > 60 ? "a string of \(value.count) characters" : "the string \"\(value)\""
        case .array(let values): "a list of \(values.count)"
        case .object: "an object"
        }
    }
}

/// Something wrong with a configuration: where, what was found, what is accepted.
public struct ConfigError: Error, Hashable, CustomStringConvertible {
    /// The file, or `-` where the values came from elsewhere.
    public var file: String
    /// The keys from the top to the culprit, joined by dots.
    public var keyPath: String
    /// What stands there.
    public var found: String
    /// What may stand there.
    public var accepted: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - file: Where the values came from.
    ///   - keyPath: The keys from the top to the culprit, joined by dots.
    ///   - found: What stands there.
    ///   - accepted: What may stand there.
    public init(file: String, keyPath: String, found: String, accepted: String) {
        self.file = file
        self.keyPath = keyPath
        self.found = found
        self.accepted = accepted
    }

    /// One line that names all four.
    public var description: String {
        let end = self.accepted.hasSuffix("?") ? "" : "."
        return "\(self.file): \(self.keyPath): found \(self.found); accepted: \(self.accepted)\(end)"
    }
}
