/// What a scrape said, read by the rules of the text format 0.0.4, and no more leniently.
struct Scraped {
    struct Series: Hashable {
        var name: String
        var labels: [String: String]
    }

    private(set) var help: [String: String] = [:]
    private(set) var kinds: [String: String] = [:]
    private(set) var values: [Series: Double] = [:]

    /// Something is not by the format.
    struct Fault: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    init(_ text: String) throws {
        guard text.isEmpty || text.utf8.last == UInt8(ascii: "\n") else { throw Fault("no final line feed") }
        var current: String?
        // To `Character`, a carriage return and a line feed are one, and an accent belongs to what is before it.
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let line = Array(Substring(bytes).unicodeScalars)
            let words = line.split(separator: " ", maxSplits: 3).map { Self.string($0) }
            switch words.prefix(2) {
            case ["#", "HELP"]:
                guard words.count == 4 else { throw Fault("HELP without a text: \(words)") }
                let help = try Self.unescaped(line.split(separator: " ", maxSplits: 3)[3], quotes: false)
                guard self.help.updateValue(help, forKey: words[2]) == nil else {
                    throw Fault("\(words[2]) is described twice")
                }
                current = words[2]
            case ["#", "TYPE"]:
                guard words.count == 4, words[2] == current, self.kinds[words[2]] == nil else {
                    throw Fault("TYPE out of place: \(words)")
                }
                self.kinds[words[2]] = words[3]
            default: try self.take(line[...], of: current)
            }
        }
    }

    /// The value of a series.
    subscript(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        self.values[Series(name: name, labels: labels)]
    }

    private typealias Scalars = ArraySlice<Unicode.Scalar>

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private mutating func take(_ line: Scalars, of current: String?) throws {
        let text = Self.string(line)
        var rest = line
        let name = Self.take(&rest) { $0 != "{" && $0 != " " }
        guard let family = current, let kind = self.kinds[family] else {
            throw Fault("a sample before its TYPE: \(text)")
        }
        let suffixes = kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { family + $0 == name }) else { throw Fault("\(name) among \(family)") }
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let key = Self.take(&rest) { $0 != "=" }
                guard rest.starts(with: ["=", "\""] as [Unicode.Scalar]) else {
                    throw Fault("no value of a label: \(text)")
                }
                rest = rest.dropFirst(2)
                var isEscaped = false
                let value = Self.take(&rest) { scalar in
                    if isEscaped {
                        isEscaped = false
                    } else if scalar == "\\" {
                        isEscaped = true
                    } else {
                        return scalar != "\""
                    }
                    return true
                }
                guard rest.first == "\"" else { throw Fault("an open quotation: \(text)") }
                rest = rest.dropFirst()
                let plain = try Self.unescaped(value.unicodeScalars, quotes: true)
                guard labels.updateValue(plain, forKey: key) == nil else { throw Fault("\(key) twice: \(text)") }
                if rest.first == "," { rest = rest.dropFirst() }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = Self.number(Self.string(rest.dropFirst())) else {
            throw Fault("no value: \(text)")
        }
        guard self.values.updateValue(value, forKey: Series(name: name, labels: labels)) == nil else {
            throw Fault("a series twice: \(text)")
        }
    }

    /// Takes what is at the beginning and so.
    private static func take(_ rest: inout Scalars, while isSo: (Unicode.Scalar) -> Bool) -> String {
        let taken = rest.prefix(while: isSo)
        rest = rest[taken.endIndex...]
        return Self.string(taken)
    }

    private static func unescaped(_ text: some Sequence<Unicode.Scalar>, quotes: Bool) throws -> String {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text {
            guard isEscaped else {
                isEscaped = scalar == "\\"
                if !isEscaped { result.append(scalar) }
                continue
            }
            switch scalar {
            case "\\": result.append("\\")
            case "n": result.append("\n")
            case "\"" where quotes: result.append("\"")
            default: throw Fault("an unknown escape: \\\(scalar)")
            }
            isEscaped = false
        }
        guard !isEscaped else { throw Fault("a lonely backslash") }
        return String(result)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text)
        }
    }
}
