import Wire

/// Which page of a list to ask for next, and when there are enough.
struct ListWalk: Hashable, Sendable {
    /// What to go on by, once ``nextPage`` is `nil`; `nil` where there is no more.
    private(set) var cursor: String?
    private let filter: ClientMessage.List
    private let pageLength: Int
    private var remaining: Int?
    private var hasEnded = false

    /// Plans a walk.
    ///
    /// - Parameters:
    ///   - filter: Which streams, and where to begin.
    ///   - limit: How many at most; `nil` for all.
    ///   - pageLength: How many to ask for at once.
    init(_ filter: ClientMessage.List, limit: Int?, pageLength: Int) {
        self.filter = filter
        self.cursor = filter.after
        self.pageLength = pageLength
        self.remaining = limit
    }

    /// What to ask for, or `nil` where there is no more, or there are enough.
    var nextPage: ClientMessage.List? {
        guard !self.hasEnded, self.remaining != 0 else { return nil }
        var page = self.filter
        page.after = self.cursor
        page.limit = Int64(min(self.pageLength, self.remaining ?? self.pageLength))
        return page
    }

    /// A page came.
    ///
    /// - Parameters:
    ///   - streams: Its streams.
    ///   - next: What the server gives to go on by.
    /// - Returns: The streams, no more than were wanted.
    /// - Throws: ``ClientError`` with code `violation` where the list would go round in circles.
    mutating func received(
        _ streams: [StreamDescription],
        next: String?
    ) throws(ClientError) -> [StreamDescription] {
        if let next, next == self.cursor {
            throw ClientError(.violation, "The server's list does not go on: it gave the same cursor twice.")
        }
        let wanted = self.remaining.map { Array(streams.prefix($0)) } ?? streams
        self.remaining = self.remaining.map { $0 - wanted.count }
        self.cursor = next
        self.hasEnded = next == nil
        return wanted
    }
}
