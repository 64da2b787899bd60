/// How servers of the original system say in an ERROR that a stream has no more bytes.
enum EndOfStream {
    private static let phrases = [
        "no data available", "no more data", "end of stream", "end of file", "eof", "beyond", "past the end",
        "out of range", "exceeds",
    ]

    /// Whether a sentence means that, rather than a failure.
    ///
    /// An ERROR in answer to the very first GET is never taken for an empty stream: nothing tells it from one that is
    /// not there.
    ///
    /// - Parameter message: The ERROR's message.
    /// - Returns: `true` for the end.
    static func isMeant(by message: String) -> Bool {
        let text = message.lowercased()
        guard !text.contains("not found") else { return false }
        return self.phrases.contains { text.contains($0) }
    }
}
