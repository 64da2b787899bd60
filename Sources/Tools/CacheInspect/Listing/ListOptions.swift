/// Which streams are listed, and how.
public struct ListOptions: Hashable, Sendable {
    /// How a listing is written.
    public enum Format: Hashable, Sendable {
        /// A table for people, as wide as the terminal, or as wide as it takes where there is none (`nil`).
        case table(width: Int?)
        /// One JSON document.
        case json
        /// Comma-separated values (RFC 4180), with a line of titles.
        case csv
    }

    /// What streams are ordered by.
    public enum Sort: String, Hashable, Sendable, CaseIterable {
        /// The name.
        case id
        /// The state's name.
        case state
        /// The size, the largest first.
        case size
        /// The content type.
        case type
        /// When it was started, the newest first.
        case created
        /// When it was last read, the latest first.
        case read
        /// When its own time is over, the soonest first; streams without such a time come before.
        case expires
        /// When it was last verified, those first that never were.
        case verified
    }

    /// The states that a stream can be asked for by.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// A writer is at work, or was when the gateway died.
        case live
        /// The writer went away without finishing.
        case suspended
        /// Finished.
        case sealed
        /// The index remembers it, and its file is gone.
        case missing
    }

    /// Only streams in this state.
    public var state: State?
    /// Only streams whose ids begin with this.
    public var prefix: String?
    /// What streams are ordered by.
    public var sort = Sort.id
    /// Whether the order is turned round.
    public var isReversed = false
    /// The most streams; 0 for all.
    public var limit = 100
    /// Whether all streams that match are counted, even where that takes longer than listing some.
    public var countsAll = false

    /// The first hundred streams by id.
    public init() {}
}
