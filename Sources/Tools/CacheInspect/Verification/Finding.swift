public import CacheProtocol

/// What verifying said about one stream, or about one file that belongs to none.
public struct Finding: Hashable, Sendable {
    /// The verdicts, by the words that are shown.
    public enum Verdict: String, Hashable, Sendable, CaseIterable, Encodable {
        /// Everything that is known about the stream agrees with its bytes.
        case ok
        /// A sealed stream whose file is gone: its bytes are lost.
        case missingFile = "missing file"
        /// The file is longer or shorter than it was when it was sealed; or shorter than an upload had got.
        case sizeDiffers = "size differs"
        /// The bytes are not those that were stored.
        case digestDiffers = "digest differs"
        /// The index has the stream as finished and the file says it is not, or the other way round.
        case stateDiffers = "state differs"
        /// A stream's file that the index knows nothing of.
        case orphanFile = "orphan file"
        /// The index remembers an unfinished stream that has no file.
        case orphanRow = "orphan row"
        /// The file is there and can't be read.
        case unreadable
        /// Nothing has the id that was asked for.
        case noSuchStream = "no such stream"
        /// The stream was removed while it was looked at: nothing is wrong.
        case removedMeanwhile = "removed meanwhile"

        /// Whether somebody should do something about it.
        public var isWrong: Bool { self != .ok && self != .removedMeanwhile }
    }

    /// What it is about.
    public var id: StreamID
    /// The file's name in the cache directory.
    public var file: String
    /// The verdict.
    public var verdict: Verdict
    /// What should be: a size, a digest, a file name, as the verdict has it.
    public var expected: String?
    /// What is.
    public var found: String?
    /// What else there is to say, such as which system call failed.
    public var detail: String?
    /// How many bytes were read.
    public var bytesRead: Int64 = 0
    /// Whether a digest was compared.
    public var isDigestCompared = false

    init(_ id: StreamID, file: String, _ verdict: Verdict, expected: String? = nil, found: String? = nil) {
        self.id = id
        self.file = file
        self.verdict = verdict
        self.expected = expected
        self.found = found
    }

    func with(detail: String) -> Finding {
        var copy = self
        copy.detail = detail
        return copy
    }
}

extension Finding {
    /// The finding for people: what, which stream, and where something differs both sides of it, one below the other.
    public var lines: [String] {
        let id = TerminalText.safe(self.id.rawValue)
        let head =
            self.verdict == .orphanFile ? "\(self.verdict.rawValue): \(self.file)" : "\(self.verdict.rawValue): \(id)"
        let sides = [("expected", self.expected), ("found   ", self.found)].compactMap { name, value in
            value.map { "  \(name)  \(TerminalText.safe($0))" }
        }
        return [head] + sides + (self.detail.map { ["  \(TerminalText.safe($0))"] } ?? [])
    }
}
