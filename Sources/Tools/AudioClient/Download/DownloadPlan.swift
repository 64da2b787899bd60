import DequeModule

/// Which ranges to ask for, and what the answers mean: the rules of a download, without the download.
///
/// Where the size is known, no byte at or past it is asked for, and each answer must come up to it. Where it is not,
/// the end is an empty answer, a short one, or an ERROR that says so.
struct DownloadPlan: Hashable, Sendable {
    /// What an answer, or a part of one, leads to.
    enum Step: Hashable, Sendable {
        /// Go on.
        case more
        /// All is there.
        case complete
    }

    /// The bytes that have come, counted from the beginning of the stream.
    private(set) var delivered: Int64
    /// How long the stream is, where that is known.
    let size: Int64?
    private let chunkSize: Int64
    private let depth: Int
    /// Where the next GET begins.
    private var next: Int64
    /// The lengths that were asked for and not yet answered, in order.
    private var asked: Deque<Int64> = []
    /// How much of the first of them has come.
    private var partial: Int64 = 0
    private var hasEnded = false

    /// Plans a download.
    ///
    /// - Parameters:
    ///   - offset: Where to begin.
    ///   - size: How long the stream is, where that is known.
    ///   - chunkSize: The most bytes to ask for at once.
    ///   - depth: How many GETs may be under way; more than one only where the size is known.
    init(from offset: Int64 = 0, size: Int64?, chunkSize: Int, depth: Int) {
        self.delivered = offset
        self.next = offset
        self.size = size
        self.chunkSize = Int64(chunkSize)
        self.depth = size == nil ? 1 : max(1, depth)
    }

    /// Whether there is nothing left to wait for.
    var isComplete: Bool { self.hasEnded || self.size.map { self.delivered >= $0 } ?? false }

    /// The next range to ask for.
    ///
    /// - Returns: Where it begins and how long it is, or `nil` where nothing is to be asked now.
    mutating func nextGet() -> (offset: Int64, length: Int64)? {
        guard !self.isComplete, self.asked.count < self.depth else { return nil }
        let length = self.size.map { min(self.chunkSize, $0 - self.next) } ?? self.chunkSize
        guard length > 0 else { return nil }
        let offset = self.next
        self.next += length
        self.asked.append(length)
        return (offset, length)
    }

    /// Some bytes of an answer came.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - endsMessage: Whether they are the last ones of the answer.
    /// - Returns: What they lead to.
    /// - Throws: ``ClientError`` with code `violation` or `badData` where they break the rules.
    mutating func received(_ count: Int, endsMessage: Bool) throws(ClientError) -> Step {
        guard let length = self.asked.first else {
            throw ClientError(.violation, "The server sent bytes that nobody had asked for.")
        }
        self.partial += Int64(count)
        self.delivered += Int64(count)
        guard self.partial <= length else {
            throw ClientError(.violation, "The server sent more than the \(length) bytes that were asked for.")
        }
        guard endsMessage else { return .more }
        let answer = self.partial
        self.partial = 0
        self.asked.removeFirst()
        if answer < length { try self.answeredShort(answer, of: length) }
        return self.isComplete ? .complete : .more
    }

    /// A short answer is the end where nothing else tells it; otherwise the rest is asked for, unless more answers
    /// are under way, whose places would no longer fit.
    private mutating func answeredShort(_ count: Int64, of length: Int64) throws(ClientError) {
        guard let size = self.size else {
            self.hasEnded = true
            return
        }
        guard count > 0 else {
            throw ClientError(
                .badData,
                "The stream ended at byte \(self.delivered); it should have \(size).",
                remedy: "Upload it again."
            )
        }
        guard self.depth == 1 else {
            throw ClientError(
                .violation,
                "The server answered \(count) bytes where \(length) were asked for and should be there."
            )
        }
        self.next = self.delivered
    }

    /// An ERROR came in place of an answer.
    ///
    /// - Parameter message: What it says.
    /// - Returns: Whether that is the end of the stream, and not a failure.
    mutating func refused(_ message: String) -> Bool {
        guard self.size == nil, self.delivered > 0, self.partial == 0, EndOfStream.isMeant(by: message) else {
            return false
        }
        self.hasEnded = true
        return true
    }
}
