/// Which streams a listing is about. Conditions are joined by "and"; `nil` means no condition.
public struct StreamFilter: Hashable, Sendable {
    /// The id begins with this.
    public var prefix: String?
    /// The stream is in this state.
    public var state: StreamState?
    /// The stream was started at this moment or later.
    public var createdAfter: Timestamp?
    /// The stream was started before this moment.
    public var createdBefore: Timestamp?

    /// Makes a filter.
    ///
    /// - Parameters:
    ///   - prefix: How the id begins.
    ///   - state: The state.
    ///   - createdAfter: The earliest start.
    ///   - createdBefore: The end of the time of starting, itself left out.
    public init(
        prefix: String? = nil,
        state: StreamState? = nil,
        createdAfter: Timestamp? = nil,
        createdBefore: Timestamp? = nil
    ) {
        self.prefix = prefix
        self.state = state
        self.createdAfter = createdAfter
        self.createdBefore = createdBefore
    }

    /// Whether a name can be in the listing, for backends that learn the other facts at a cost.
    ///
    /// - Parameter id: A stream's name.
    /// - Returns: `false` where the prefix rules it out.
    public func admits(_ id: StreamID) -> Bool {
        guard let prefix = self.prefix else { return true }
        return id.rawValue.utf8.starts(with: prefix.utf8)
    }

    /// Whether a stream is in the listing.
    ///
    /// - Parameter info: The stream's facts.
    /// - Returns: `true` where every condition holds.
    public func matches(_ info: StreamInfo) -> Bool {
        guard self.admits(info.id) else { return false }
        if let state = self.state, state != info.state { return false }
        if let earliest = self.createdAfter, info.createdAt < earliest { return false }
        if let end = self.createdBefore, info.createdAt >= end { return false }
        return true
    }
}

/// One page of a listing.
public struct StreamPage: Hashable, Sendable {
    /// The streams, in the order of their ids.
    public var streams: [StreamInfo]
    /// What to pass as cursor for the next page; `nil` where this one is the last.
    public var next: StreamID?

    /// Makes a page.
    ///
    /// - Parameters:
    ///   - streams: The streams, in the order of their ids.
    ///   - next: The cursor of the next page, if there is one.
    public init(streams: [StreamInfo], next: StreamID?) {
        self.streams = streams
        self.next = next
    }
}
