/// The ranges that a `Range` header asks for (RFC 9110, 14.1.2), not yet compared with any stream.
struct ByteRangeSet: Hashable {
    /// One of the ranges.
    enum Spec: Hashable {
        /// From a position on, up to and including another, or to the end.
        case from(Int64, through: Int64?)
        /// So many bytes at the end.
        case suffix(Int64)
    }

    /// Last positions from here on are no positions but the wish to follow (RFC 8673, 2.2): it is the one of that
    /// document's examples, and more than any stream has.
    static let indefinite: Int64 = 999_999_999_999

    /// The ranges in the order in which they were asked for; at least one.
    let specs: [Spec]

    /// Reads a header's value.
    ///
    /// Positions beyond what can be represented become the greatest that can.
    ///
    /// - Parameter value: The value of `Range`.
    /// - Returns: `nil` where the unit is not `bytes` or the value is malformed: such a header is to be passed over
    ///   (RFC 9110, 14.2).
    init?(_ value: String) {
        let bytes = value.utf8
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")),
            bytes[..<equals].elementsEqual("bytes".utf8, by: { $0 | 0x20 == $1 })
        else { return nil }
        var specs: [Spec] = []
        for element in bytes[bytes.index(after: equals)...].split(separator: UInt8(ascii: ",")) {
            let element = Self.trimmed(element)
            if element.isEmpty { continue }
            guard let spec = Self.spec(element) else { return nil }
            specs.append(spec)
        }
        guard !specs.isEmpty else { return nil }
        self.specs = specs
    }

    private static func spec(_ text: Substring.UTF8View) -> Spec? {
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let after = text[text.index(after: dash)...]
        if dash == text.startIndex { return Self.position(after).map { .suffix($0) } }
        guard let first = Self.position(text[..<dash]) else { return nil }
        if after.isEmpty { return .from(first, through: nil) }
        guard let last = Self.position(after), first <= last else { return nil }
        return .from(first, through: last)
    }

    private static func position(_ digits: Substring.UTF8View) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            value = overflow || overflow2 ? .max : sum
        }
        return value
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
