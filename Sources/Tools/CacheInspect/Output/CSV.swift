/// Comma-separated values as RFC 4180 has them: lines end in CR LF, and fields with commas, quotes or line breaks are
/// quoted.
enum CSV {
    /// One line with its end.
    static func line(_ fields: [String]) -> String { fields.map(Self.field).joined(separator: ",") + "\r\n" }

    private static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return needsQuotes
            ? "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
            : text
    }
}
