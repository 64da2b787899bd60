/// One object of a configuration, read strictly: each key is taken once by whoever knows it, and ``finish()`` refuses
/// what nobody took, so that a misspelt key never becomes a default.
public struct ConfigSection: Sendable {
    /// Where the values came from, for messages.
    public let file: String
    /// The keys from the top to this object, joined by dots; empty at the top.
    public let keyPath: String
    private var values: [String: ConfigValue]
    private var known: [String] = []
    /// The values in force: what was found, and defaults where nothing was.
    public private(set) var effective: [String: ConfigValue] = [:]

    /// Wraps an object.
    ///
    /// - Parameters:
    ///   - values: The object's members.
    ///   - file: Where they came from.
    ///   - keyPath: The keys from the top to the object, joined by dots.
    public init(_ values: [String: ConfigValue], file: String, keyPath: String = "") {
        self.values = values
        self.file = file
        self.keyPath = keyPath
    }

    /// The path of one of this object's keys.
    ///
    /// - Parameter key: A key of this object.
    /// - Returns: The keys from the top, joined by dots.
    public func path(_ key: String) -> String {
        let name = key.isEmpty ? "\"\"" : key
        return self.keyPath.isEmpty ? name : "\(self.keyPath).\(name)"
    }

    /// An error about one of this object's keys.
    ///
    /// - Parameters:
    ///   - key: The key at fault.
    ///   - found: What stands there.
    ///   - accepted: What may stand there.
    /// - Returns: The error, to be thrown.
    public func error(_ key: String, found: String, accepted: String) -> ConfigError {
        ConfigError(file: self.file, keyPath: self.path(key), found: found, accepted: accepted)
    }

    private mutating func take(_ key: String) -> ConfigValue? {
        self.known.append(key)
        return self.values.removeValue(forKey: key)
    }

    /// Takes a string.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - fallback: The value where the key is absent.
    /// - Returns: The value in force.
    /// - Throws: ``ConfigError`` for anything but a string.
    public mutating func string(_ key: String, default fallback: String) throws(ConfigError) -> String {
        try self.optionalString(key)
            ?? {
                self.effective[key] = .string(fallback)
                return fallback
            }()
    }

    /// Takes a string that must be there.
    ///
    /// - Parameter key: The key.
    /// - Returns: The value.
    /// - Throws: ``ConfigError`` where it is missing, empty, or not a string.
    public mutating func requiredString(_ key: String) throws(ConfigError) -> String {
        guard let value = try self.optionalString(key), !value.isEmpty else {
            throw self.error(key, found: "nothing", accepted: "a string; this key is required")
        }
        return value
    }

    /// Takes a string that may be absent.
    ///
    /// - Parameter key: The key.
    /// - Returns: The value, or `nil` where the key is absent.
    /// - Throws: ``ConfigError`` for anything but a string.
    public mutating func optionalString(_ key: String) throws(ConfigError) -> String? {
        switch self.take(key) {
        case .none: return nil
        case .string(let value):
            self.effective[key] = .string(value)
            return value
        case .some(let other): throw self.error(key, found: other.kind, accepted: "a string")
        }
    }

    /// Takes one of a list of words.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - fallback: The value where the key is absent.
    /// - Returns: The value in force.
    /// - Throws: ``ConfigError`` that lists the words.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        default fallback: Choice
    ) throws(ConfigError) -> Choice where Choice.RawValue == String {
        let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        switch self.take(key) {
        case .none:
            self.effective[key] = .string(fallback.rawValue)
            return fallback
        case .string(let value):
            guard let choice = Choice(rawValue: value) else {
                throw self.error(key, found: "\"\(value)\"", accepted: "one of \(words)")
            }
            self.effective[key] = .string(value)
            return choice
        case .some(let other): throw self.error(key, found: other.kind, accepted: "one of \(words)")
        }
    }

    /// Takes a whole number.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - fallback: The value where the key is absent.
    ///   - range: What is accepted.
    /// - Returns: The value in force.
    /// - Throws: ``ConfigError`` for a fraction, another kind of value, or one out of range.
    public mutating func integer(
        _ key: String,
        default fallback: Int64,
        in range: ClosedRange<Int64>
    ) throws(ConfigError) -> Int64 {
        guard self.values[key] != .null else {
            throw self.error(key, found: "null", accepted: Self.wholeNumber(in: range))
        }
        if let value = try self.optionalInteger(key, in: range) { return value }
        self.effective[key] = .integer(fallback)
        return fallback
    }

    /// Takes a whole number that may be absent.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - range: What is accepted.
    /// - Returns: The value, or `nil` where the key is absent or null.
    /// - Throws: ``ConfigError`` for a fraction, another kind of value, or one out of range.
    public mutating func optionalInteger(
        _ key: String,
        in range: ClosedRange<Int64>
    ) throws(ConfigError) -> Int64? {
        switch self.take(key) {
        case .none, .null: return nil
        case .integer(let value) where range.contains(value):
            self.effective[key] = .integer(value)
            return value
        case .some(let other): throw self.error(key, found: other.kind, accepted: Self.wholeNumber(in: range))
        }
    }

    private static func wholeNumber(in range: ClosedRange<Int64>) -> String {
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }

    /// Takes a truth value.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - fallback: The value where the key is absent.
    /// - Returns: The value in force.
    /// - Throws: ``ConfigError`` for anything but `true` and `false`.
    public mutating func bool(_ key: String, default fallback: Bool) throws(ConfigError) -> Bool {
        switch self.take(key) {
        case .none:
            self.effective[key] = .bool(fallback)
            return fallback
        case .bool(let value):
            self.effective[key] = .bool(value)
            return value
        case .some(let other): throw self.error(key, found: other.kind, accepted: "true or false")
        }
    }

    /// Takes a list of strings.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - fallback: The value where the key is absent.
    /// - Returns: The value in force.
    /// - Throws: ``ConfigError`` for anything but a list of strings.
    public mutating func strings(_ key: String, default fallback: [String]) throws(ConfigError) -> [String] {
        switch self.take(key) {
        case .none:
            self.effective[key] = .array(fallback.map { .string($0) })
            return fallback
        case .array(let values):
            var strings: [String] = []
            for (index, value) in values.enumerated() {
                guard case .string(let string) = value else {
                    throw self.error("\(key)[\(index)]", found: value.kind, accepted: "a string")
                }
                strings.append(string)
            }
            self.effective[key] = .array(values)
            return strings
        case .some(let other): throw self.error(key, found: other.kind, accepted: "a list of strings")
        }
    }

    /// Takes an object and reads it; what `read` does not take of it is refused.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - read: Reads the object; an absent one is read as empty.
    /// - Returns: What `read` made of it.
    /// - Throws: ``ConfigError``, or what `read` throws.
    public mutating func section<Value>(
        _ key: String,
        read: (inout ConfigSection) throws -> Value
    ) throws -> Value {
        let members: [String: ConfigValue]
        switch self.take(key) {
        case .none: members = [:]
        case .object(let values): members = values
        case .some(let other): throw self.error(key, found: other.kind, accepted: "an object")
        }
        var section = ConfigSection(members, file: self.file, keyPath: self.path(key))
        let value = try read(&section)
        try section.finish()
        self.effective[key] = .object(section.effective)
        return value
    }

    /// Refuses what nobody took.
    ///
    /// - Throws: ``ConfigError`` that names the first unknown key and the nearest known one.
    public func finish() throws(ConfigError) {
        guard let unknown = self.values.keys.min() else { return }
        let known = self.known.sorted()
        let nearest = known.min { $0.editDistance(to: unknown) < $1.editDistance(to: unknown) }
        let hint = nearest.flatMap { $0.editDistance(to: unknown) <= 3 ? "; did you mean \"\($0)\"?" : nil } ?? ""
        throw self.error(
            unknown,
            found: "an unknown key",
            accepted: (known.isEmpty ? "no keys here" : known.joined(separator: ", ")) + hint
        )
    }
}

extension String {
    /// The Levenshtein distance between two short words.
    fileprivate func editDistance(to other: String) -> Int {
        let target = Array(other.lowercased().unicodeScalars)
        var row = Array(0...target.count)
        for (line, scalar) in self.lowercased().unicodeScalars.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in target.indices {
                let substitution = diagonal + (scalar == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(substitution, row[column] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
