import CacheProtocol

/// What `verify --json` writes: JSON lines, one document for each event and the summary last.
public enum VerifyDocument {
    /// The line of an event, or `nil` where it has none.
    ///
    /// - Parameter event: The event.
    /// - Returns: One line without its end.
    /// - Throws: What the encoder throws.
    public static func line(_ event: VerifyEvent) throws -> String {
        switch event {
        case .finding(let finding): try JSONText.line(FindingLine(finding))
        case .progress(let progress): try JSONText.line(ProgressLine(progress))
        case .notice(let text): try JSONText.line(NoticeLine(message: text))
        }
    }

    /// The last line.
    ///
    /// - Parameter summary: What came of it.
    /// - Returns: One line without its end.
    /// - Throws: What the encoder throws.
    public static func line(_ summary: VerifySummary) throws -> String { try JSONText.line(SummaryLine(summary)) }

    private struct FindingLine: Encodable {
        var event = "finding"
        var id: String
        var file: String
        var verdict: Finding.Verdict
        var expected: String?
        var found: String?
        var detail: String?
        var bytesRead: Int64
        var isDigestCompared: Bool

        init(_ finding: Finding) {
            self.id = finding.id.rawValue
            self.file = finding.file
            self.verdict = finding.verdict
            self.expected = finding.expected
            self.found = finding.found
            self.detail = finding.detail
            self.bytesRead = finding.bytesRead
            self.isDigestCompared = finding.isDigestCompared
        }
    }

    private struct ProgressLine: Encodable {
        var event = "progress"
        var streams: Int64
        var totalStreams: Int64?
        var bytes: Int64
        var totalBytes: Int64?
        var wrong: Int64
        var seconds: Double

        init(_ progress: VerifyProgress) {
            self.streams = progress.streams
            self.totalStreams = progress.totalStreams
            self.bytes = progress.bytes
            self.totalBytes = progress.totalBytes
            self.wrong = progress.wrong
            self.seconds = progress.elapsed / .seconds(1)
        }
    }

    private struct NoticeLine: Encodable {
        var event = "notice"
        var message: String
    }

    private struct SummaryLine: Encodable {
        var event = "summary"
        var checked: Int64
        var wrong: Int64
        var verdicts: [String: Int64]
        var digestsCompared: Int64
        var bytes: Int64
        var leftOut: Int64
        var isOutOfTime: Bool
        var isInterrupted: Bool
        var recorded: Int64
        var seconds: Double

        init(_ summary: VerifySummary) {
            self.checked = summary.checked
            self.wrong = summary.wrong
            self.verdicts = Dictionary(
                summary.counts.map { ($0.key.rawValue, $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
            self.digestsCompared = summary.digestsCompared
            self.bytes = summary.bytes
            self.leftOut = summary.leftOut
            self.isOutOfTime = summary.isOutOfTime
            self.isInterrupted = summary.isInterrupted
            self.recorded = summary.recorded
            self.seconds = summary.elapsed / .seconds(1)
        }
    }
}
