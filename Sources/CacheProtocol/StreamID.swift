/// The name of a stream: 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with a dot and without two dots in a row.
///
/// A value of this type is proof that the name was checked, so it is safe as a file name, in a log line, in a header
/// and in JSON without escaping. Two ids are equal when their bytes are: the grammar is ASCII, so Unicode's several
/// spellings of one character cannot make two names equal or one name two.
public struct StreamID: Hashable, Sendable {
    /// The longest name, in bytes.
    public static let maximumLength = 128

    /// The name as it was given.
    public let rawValue: String

    /// Checks a name.
    ///
    /// - Parameter name: The name as a peer, a file or a person gave it.
    /// - Throws: ``CacheError`` with code ``CacheError/Code/badStreamID`` that says which rule the name breaks.
    public init(_ name: String) throws(CacheError) {
        if let fault = Self.fault(in: name) {
            throw CacheError(.badStreamID, "\(Self.quoted(name)) is not a stream id: \(fault). \(Self.grammar)")
        }
        self.rawValue = name
    }

    /// Checks a name whose faults are of no interest, as when files of a directory are looked through.
    ///
    /// - Parameter name: The name to check.
    /// - Returns: `nil` where the name breaks a rule.
    public init?(validating name: String) {
        guard Self.fault(in: name) == nil else { return nil }
        self.rawValue = name
    }

    private static let grammar =
        "An id is 1 to \(maximumLength) of A-Z a-z 0-9 . _ -, does not begin with a dot and has no two dots in a row."

    private static func fault(in name: String) -> String? {
        var length = 0
        var previous: UInt8 = 0
        for byte in name.utf8 {
            length += 1
            if length > self.maximumLength { return "it is longer than \(self.maximumLength) bytes" }
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                break
            case UInt8(ascii: "."):
                if length == 1 { return "it begins with a dot" }
                if previous == UInt8(ascii: ".") { return "it has two dots in a row" }
            default:
                return "byte \(length) is not one of them"
            }
            previous = byte
        }
        return length == 0 ? "it is empty" : nil
    }

    /// The name with everything but printable ASCII escaped, cut to a length that fits a log line.
    private static func quoted(_ name: String) -> String {
        var text = "'"
        for (index, scalar) in name.unicodeScalars.enumerated() {
            if index == 40 { return text + "…'" }
            text += scalar.escaped(asASCII: true)
        }
        return text + "'"
    }
}

extension StreamID: Comparable {
    /// Orders ids by their bytes, which for generated ids is the order in which they were made.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.rawValue.utf8.lexicographicallyPrecedes(rhs.rawValue.utf8)
    }
}

extension StreamID: CustomStringConvertible {
    /// The name.
    public var description: String { self.rawValue }
}
