public import CacheProtocol

/// What was found in a cache directory at the start, and what was mended.
///
/// Nothing is ever deleted: where file and catalog disagree, the bytes are right, and the catalog follows them.
public struct RecoveryReport: Sendable {
    /// A kind of difference, and what was done about it.
    public enum Finding: String, Hashable, Sendable, CaseIterable {
        /// A writer was at work when the process ended: its stream is suspended now.
        case suspended
        /// A file without a row: the row was made from the file.
        case adopted
        /// The file said sealed and the row did not yet: the row was brought up to date.
        case sealed
        /// The row said sealed and the file had its unfinished name: it was renamed.
        case renamed
        /// The row said sealed, but the unfinished file is not that long: the stream is suspended.
        case unsealed
        /// An unfinished stream's row had another length: the file's counts.
        case resized
        /// A row without a file: it is marked as missing.
        case missing
        /// A file that was missing is there again.
        case returned
        /// A sealed file is longer or shorter than when it was sealed: it was left alone, and reading it is refused.
        case damaged
    }

    /// By how much mending changed the number of streams and bytes that the catalog knows.
    public var change: (streams: Int64, bytes: Int64) = (0, 0)
    /// How often what was found.
    public private(set) var counts: [Finding: Int64] = [:]
    /// Some of the streams concerned, for people.
    public private(set) var examples: [Finding: [StreamID]] = [:]
    /// What could not be looked at or mended, one sentence each; not more than a few.
    public private(set) var problems: [String] = []

    /// A directory in which nothing was found yet.
    public init() {}

    /// Notes a finding.
    ///
    /// - Parameters:
    ///   - finding: What was found.
    ///   - id: The stream concerned.
    public mutating func note(_ finding: Finding, _ id: StreamID) {
        self.counts[finding, default: 0] += 1
        if self.examples[finding, default: []].count < 5 { self.examples[finding, default: []].append(id) }
    }

    /// Notes something that could not be looked at or mended.
    ///
    /// - Parameter problem: One sentence.
    public mutating func note(problem: String) {
        if self.problems.count < 20 { self.problems.append(problem) }
    }
}

extension RecoveryReport {
    /// Adds what an earlier part of the same start found.
    ///
    /// - Parameter other: What it found.
    public mutating func merge(_ other: RecoveryReport) {
        self.counts.merge(other.counts) { $0 + $1 }
        self.examples.merge(other.examples) { Array(($0 + $1).prefix(5)) }
        self.problems = Array((self.problems + other.problems).prefix(20))
    }
}
