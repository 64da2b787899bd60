/// The outline of a JSON text, taken before the library decodes it: the decoder bounds neither depth nor members, takes
/// UTF-16 and a byte order mark, and silently keeps one of two members of the same name.
struct JSONShape {
    /// How deep objects and lists may nest.
    static let maximumDepth = 8
    /// How many members one message may have, over all its objects.
    static let maximumMembers = 64

    /// Members of the outermost object, counted by their colons.
    private(set) var topLevelMembers = 0
    /// Members of the objects directly inside it.
    private(set) var secondLevelMembers = 0
    /// How many objects are directly inside it.
    private(set) var secondLevelObjects = 0

    /// Looks a text over.
    ///
    /// - Parameter bytes: UTF-8 that is said to be one JSON object.
    init(_ bytes: UnsafeRawBufferPointer) throws(MessageFault) {
        var depth = 0
        var members = 0
        var isInString = false
        var isEscaped = false
        var isEmpty = true
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= Self.maximumDepth else {
                    throw MessageFault(.badMessage, "The message nests deeper than \(Self.maximumDepth) levels.")
                }
                if depth == 2, byte == UInt8(ascii: "{") { self.secondLevelObjects += 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":"):
                members += 1
                guard members <= Self.maximumMembers else {
                    throw MessageFault(.badMessage, "The message has more than \(Self.maximumMembers) members.")
                }
                if depth == 1 { self.topLevelMembers += 1 }
                if depth == 2 { self.secondLevelMembers += 1 }
            default: break
            }
            if isEmpty, byte != UInt8(ascii: "{") {
                throw MessageFault(.badMessage, "The message is not a JSON object in UTF-8 without byte order mark.")
            }
            isEmpty = false
        }
        guard !isEmpty else { throw MessageFault(.badMessage, "The message is empty; a JSON object is expected.") }
    }
}
