/// How many streams a listing has, and how many there are.
public struct ListTotals: Hashable, Sendable, Encodable {
    /// Streams listed.
    public var streams: Int64 = 0
    /// Their bytes together.
    public var bytes: Int64 = 0
    /// Whether these are all that match.
    public var isComplete = true
    /// Streams that match, listed or not; `nil` where counting them would have taken long.
    public var matchingStreams: Int64?
    /// Their bytes together.
    public var matchingBytes: Int64?

    /// The totals for people.
    var line: String {
        func amount(_ count: Int64, _ bytes: Int64) -> String {
            "\(count) stream\(count == 1 ? "" : "s"), \(ByteAmount.text(bytes))"
        }
        let listed = amount(self.streams, self.bytes)
        guard !self.isComplete else { return listed }
        guard let count = self.matchingStreams, let bytes = self.matchingBytes else {
            return listed + "; there are more (--totals counts them, --limit 0 lists them)"
        }
        return "\(listed) of \(amount(count, bytes)) (--limit 0 lists all)"
    }
}
