/// Where the body of a PUT belongs (RFC 9110, 14.4 and 14.5), as clients send it that go on with an upload.
struct ContentRange: Hashable {
    let range: ClosedRange<Int64>
    /// `nil` where the sender does not say.
    let completeLength: Int64?

    /// Reads a header's value, such as `bytes 500-999/1000`.
    ///
    /// - Parameter value: The value of `Content-Range`.
    /// - Returns: `nil` where it is anything else, or places bytes beyond the complete length.
    init?(_ value: String) {
        guard value.utf8.starts(with: "bytes ".utf8) else { return nil }
        let parts = value.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last,
            last < .max
        else { return nil }
        self.range = first...last
        if parts[1].utf8.elementsEqual("*".utf8) {
            self.completeLength = nil
        } else {
            guard let length = Self.number(parts[1]), last < length else { return nil }
            self.completeLength = length
        }
    }

    private static func number(_ text: Substring) -> Int64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text)
    }
}
