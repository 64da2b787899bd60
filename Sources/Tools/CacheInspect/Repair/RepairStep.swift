public import CacheProtocol
import SQLiteBackend

/// One thing that is wrong between index and files, and what is done about it. No step ever touches a file.
public struct RepairStep: Hashable, Sendable {
    enum Change: Hashable {
        /// Puts this row in, in place of the one that may be there.
        case put(IndexedStream)
        /// Forgets the row.
        case forget
        /// Nothing that could be done would be safe.
        case none
    }

    /// The stream.
    public var id: StreamID
    /// What is wrong: one of the words that verifying uses.
    public var fault: Finding.Verdict
    /// What is done about it, or why nothing is: a sentence.
    public var remedy: String
    let change: Change

    init(_ id: StreamID, _ fault: Finding.Verdict, _ change: Change, _ remedy: String) {
        self.id = id
        self.fault = fault
        self.change = change
        self.remedy = remedy
    }

    /// Whether there is something that can be done.
    public var isMendable: Bool { self.change != .none }

    /// The step for people.
    public var line: String { "\(self.fault.rawValue): \(self.id): \(TerminalText.safe(self.remedy))" }
}

/// What came of repairing.
public struct RepairSummary: Hashable, Sendable {
    /// Whether the steps were done, or only told.
    public var isApplied = false
    /// Steps that were done, or would be.
    public var mended: Int64 = 0
    /// Faults that nothing can be done about here.
    public var left: Int64 = 0
    /// Whether somebody ended it before all was looked at.
    public var isInterrupted = false

    /// 0 where everything agrees, or was made to; 130 where it was interrupted; 1 otherwise.
    public var exitCode: Int32 {
        if self.isInterrupted { return InspectError.Code.interrupted.rawValue }
        return self.left > 0 || self.mended > 0 && !self.isApplied ? InspectError.Code.wrong.rawValue : 0
    }

    /// The summary for people.
    public var line: String {
        guard self.isInterrupted else { return self.result }
        let soFar = self.mended == 0 && self.left == 0 ? "" : self.result + " "
        return soFar + "Interrupted before all was looked at; repair again for the rest."
    }

    private var result: String {
        if self.mended == 0, self.left == 0 { return "Index and files agree." }
        let mended = "\(self.mended) \(self.isApplied ? "mended" : "to mend (--apply does it)")"
        return self.left == 0 ? mended + "." : "\(mended), \(self.left) left as they are."
    }
}

/// What `repair --json` writes: JSON lines, one for each step and the summary last.
public enum RepairDocument {
    private struct StepLine: Encodable {
        var event = "step"
        var id: String
        var fault: Finding.Verdict
        var remedy: String
        var isMendable: Bool
    }

    private struct SummaryLine: Encodable {
        var event = "summary"
        var isApplied: Bool
        var mended: Int64
        var left: Int64
        var isInterrupted: Bool
    }

    /// The line of a step.
    ///
    /// - Parameter step: The step.
    /// - Returns: One line without its end.
    /// - Throws: What the encoder throws.
    public static func line(_ step: RepairStep) throws -> String {
        try JSONText.line(
            StepLine(id: step.id.rawValue, fault: step.fault, remedy: step.remedy, isMendable: step.isMendable)
        )
    }

    /// The last line.
    ///
    /// - Parameter summary: What came of it.
    /// - Returns: One line without its end.
    /// - Throws: What the encoder throws.
    public static func line(_ summary: RepairSummary) throws -> String {
        try JSONText.line(
            SummaryLine(
                isApplied: summary.isApplied,
                mended: summary.mended,
                left: summary.left,
                isInterrupted: summary.isInterrupted
            )
        )
    }
}
