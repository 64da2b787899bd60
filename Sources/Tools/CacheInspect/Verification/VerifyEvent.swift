/// What is told while streams are verified; from several threads, but one at a time.
public enum VerifyEvent: Sendable {
    /// Bytes were read.
    case progress(VerifyProgress)
    /// A stream, or a file that belongs to none, was looked at.
    case finding(Finding)
    /// Something that is not about the streams: a sentence.
    case notice(String)
}

/// How far verifying has got.
public struct VerifyProgress: Hashable, Sendable {
    /// Streams that were verified.
    public var streams: Int64 = 0
    /// How many there are to verify, where that is known.
    public var totalStreams: Int64?
    /// Bytes that were read.
    public var bytes: Int64 = 0
    /// How many there are to read, where that is known.
    public var totalBytes: Int64?
    /// How many streams or files something is wrong with.
    public var wrong: Int64 = 0
    /// How long it has taken.
    public var elapsed: Duration = .zero

    /// The progress in at most 79 characters: `12 of 340 streams, 1.2G of 30.1G (4%), 410.0M/s, 1 wrong`.
    public var line: String {
        let streams = self.totalStreams.map { "\(self.streams) of \($0) streams" } ?? "\(self.streams) streams"
        var line = "\(streams), \(ByteAmount.text(self.bytes))"
        if let total = self.totalBytes, total > 0 {
            let percent = min(Double(self.bytes) / Double(total) * 100, 100)
            line += " of \(ByteAmount.text(total)) (\(Int(percent))%)"
        }
        let seconds = self.elapsed / .seconds(1)
        if seconds > 0.5 { line += ", \(ByteAmount.text(Int64(min(Double(self.bytes) / seconds, 1e15))))/s" }
        return line + ", \(self.wrong) wrong"
    }
}
