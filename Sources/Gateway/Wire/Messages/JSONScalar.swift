/// Numbers, `true`, `false` and `null` as JSON writes them (RFC 8259, 3 and 6). The decoder looks at those only that are
/// read.
enum JSONScalar {
    /// Whether a word outside of strings is one of them.
    static func isWellFormed(_ word: some Collection<UInt8>) -> Bool {
        word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) || word.elementsEqual("null".utf8)
            || Self.isNumber(word)
    }

    private static func isNumber(_ word: some Collection<UInt8>) -> Bool {
        var rest = ArraySlice(word)
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = Self.digits(&rest)
        guard whole.count > 0, !whole.beginsWithZero || whole.count == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard Self.digits(&rest).count > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard Self.digits(&rest).count > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>) -> (count: Int, beginsWithZero: Bool) {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest.removeFirst(digits.count)
        return (digits.count, digits.first == UInt8(ascii: "0"))
    }
}
