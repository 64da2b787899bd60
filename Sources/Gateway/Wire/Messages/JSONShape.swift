/// The outline of a JSON text, taken before the library decodes it: the decoder bounds neither depth nor members, takes
/// UTF-16 and a byte order mark, and silently keeps one of two members of the same name.
struct JSONShape {
    /// How deep objects and lists may nest.
    static let maximumDepth = 8
    /// How many members a client's message may have, over all its objects, and how many commas.
    static let maximumMembers = 64

    /// Members of all objects, counted by their colons.
    private(set) var members = 0
    /// Members of the outermost object.
    private(set) var topLevelMembers = 0

    /// Looks a text over.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8 that is said to be one JSON object.
    ///   - isStrict: Whether it comes from a client, whose messages are small: then members are bounded, and control
    ///     characters and unknown escapes in strings are a fault (RFC 8259, 7). A server's page of streams has thousands of members.
    init(_ bytes: UnsafeRawBufferPointer, isStrict: Bool) throws(MessageFault) {
        let maximum = isStrict ? Self.maximumMembers : .max
        var depth = 0
        var commas = 0
        var isInString = false
        var isEscaped = false
        var hexadecimalsToCome = 0
        var isEmpty = true
        var previous: UInt8 = 0
        /// Where a number or one of the three words began.
        var scalarStart: Int?
        for (index, byte) in bytes.enumerated() {
            if isInString {
                if hexadecimalsToCome > 0 {
                    guard Self.isHexadecimal(byte) else { throw Self.noEscape }
                    hexadecimalsToCome -= 1
                } else if isEscaped {
                    isEscaped = false
                    guard !isStrict || Self.escaped.contains(byte) else { throw Self.noEscape }
                    if isStrict, byte == UInt8(ascii: "u") { hexadecimalsToCome = 4 }
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                if byte < 0x20, isStrict {
                    throw MessageFault(
                        .badMessage,
                        "The message has a control character in a string; write it as \\u00XX."
                    )
                }
                continue
            }
            if Self.isDelimiter(byte) {
                if let start = scalarStart, isStrict, !JSONScalar.isWellFormed(bytes[start..<index]) {
                    throw MessageFault(.badMessage, "The message has a value that is not JSON (RFC 8259, 3).")
                }
                scalarStart = nil
            } else if scalarStart == nil {
                scalarStart = index
            }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            case 0..<0x20: throw Self.notAnObject
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= Self.maximumDepth else {
                    throw MessageFault(.badMessage, "The message nests deeper than \(Self.maximumDepth) levels.")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The decoder would take it.
                if previous == UInt8(ascii: ",") {
                    throw MessageFault(.badMessage, "The message has a comma before a closing bracket.")
                }
                depth -= 1
            case UInt8(ascii: ":"):
                self.members += 1
                if depth == 1 { self.topLevelMembers += 1 }
            case UInt8(ascii: ","): commas += 1
            default: break
            }
            guard self.members <= maximum, commas <= maximum else {
                throw MessageFault(.badMessage, "The message has more than \(maximum) members.")
            }
            if isEmpty, byte != UInt8(ascii: "{") { throw Self.notAnObject }
            isEmpty = false
            previous = byte
        }
        guard !isEmpty else { throw MessageFault(.badMessage, "The message is empty; a JSON object is expected.") }
    }

    /// What may stand behind a backslash (RFC 8259, 7). The decoder looks only at members that are read.
    private static let escaped = Array("\"\\/bfnrtu".utf8)

    /// Whether a number, or one of JSON's three words, ends before this.
    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: ","):
            true
        default: false
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static let noEscape = MessageFault(
        .badMessage,
        "The message has a backslash in a string that begins no escape (RFC 8259, 7)."
    )

    private static let notAnObject = MessageFault(
        .badMessage,
        "The message is not a JSON object in UTF-8 without byte order mark."
    )
}
