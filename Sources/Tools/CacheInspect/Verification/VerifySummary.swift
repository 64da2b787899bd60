/// What came of verifying.
public struct VerifySummary: Hashable, Sendable {
    /// How many streams and files there are of each verdict.
    public var counts: [Finding.Verdict: Int64] = [:]
    /// How many digests were compared; the other streams have none, as unfinished ones do.
    public var digestsCompared: Int64 = 0
    /// How many bytes were read.
    public var bytes: Int64 = 0
    /// How many streams the sample left out.
    public var leftOut: Int64 = 0
    /// Whether the time was over before all was done.
    public var isOutOfTime = false
    /// Whether somebody ended it before all was done.
    public var isInterrupted = false
    /// In how many streams' rows the result was remembered.
    public var recorded: Int64 = 0
    /// How long it took.
    public var elapsed: Duration = .zero

    /// How many streams and files somebody should do something about.
    public var wrong: Int64 { self.counts.reduce(0) { $0 + ($1.key.isWrong ? $1.value : 0) } }

    /// How many streams and files were looked at.
    public var checked: Int64 { self.counts.values.reduce(0, +) }

    /// 0 where all is good, 1 where something is wrong, 130 where it was interrupted and nothing was wrong till then.
    public var exitCode: Int32 {
        if self.wrong > 0 { return InspectError.Code.wrong.rawValue }
        return self.isInterrupted ? InspectError.Code.interrupted.rawValue : 0
    }

    /// The summary for people.
    public var lines: [String] {
        let seconds = max(self.elapsed / .seconds(1), 0.001)
        let rate = ByteAmount.text(Int64(min(Double(self.bytes) / seconds, 1e15)))
        let span = TimeSpan(milliseconds: Int64(min(seconds, 1e12) * 1_000)).short
        var lines = [
            "\(self.checked) checked, \(ByteAmount.text(self.bytes)) in \(span) (\(rate)/s), "
                + "\(self.digestsCompared) digests compared"
        ]
        for verdict in Finding.Verdict.allCases {
            if let count = self.counts[verdict], count > 0 { lines.append("  \(verdict.rawValue): \(count)") }
        }
        if self.leftOut > 0 { lines.append("  not in the sample: \(self.leftOut)") }
        if self.isOutOfTime { lines.append("The time was over before all streams were verified.") }
        if self.isInterrupted { lines.append("Interrupted before all streams were verified.") }
        return lines
    }
}
