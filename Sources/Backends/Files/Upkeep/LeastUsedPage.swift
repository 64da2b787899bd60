public import CacheProtocol

/// A place in the list of sealed streams, those in front that were not used for longest: where a look at it goes on.
public struct UsePosition: Hashable, Sendable {
    /// When the stream at this place was last used.
    public var usedAt: Timestamp
    /// The stream; tells those of one moment apart.
    public var id: StreamID

    /// Makes a place.
    ///
    /// - Parameters:
    ///   - usedAt: When the stream at this place was last used.
    ///   - id: The stream.
    public init(usedAt: Timestamp, id: StreamID) {
        self.usedAt = usedAt
        self.id = id
    }
}

/// One stretch of the list of sealed streams, those in front that were not used for longest.
public struct LeastUsedPage: Hashable, Sendable {
    /// The streams of the stretch that may go, in order; perhaps none, though there are more beyond.
    public var candidates: [EvictionCandidate]
    /// Where to go on; `nil` at the end of the list.
    public var next: UsePosition?

    /// Makes a page.
    ///
    /// - Parameters:
    ///   - candidates: The streams that may go, in order.
    ///   - next: Where to go on; `nil` at the end of the list.
    public init(candidates: [EvictionCandidate], next: UsePosition?) {
        self.candidates = candidates
        self.next = next
    }
}
