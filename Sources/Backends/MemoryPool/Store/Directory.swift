import CacheProtocol

/// Which streams there are, who wants to write them, and which of them nobody needs at the moment.
struct Directory {
    private struct Entry {
        let stream: MemoryStream
        var readers = 0
        /// The ticket in the idle queue; 0 where the stream is not idle.
        var idle: UInt64 = 0
    }

    /// A stream that was taken out.
    struct Leaving {
        let stream: MemoryStream
        /// Whether somebody reads it, and may finish.
        let isRead: Bool
    }

    private var entries: [StreamID: Entry] = [:]
    /// The names in order, for listings.
    private var order: [StreamID] = []
    private var claims: [StreamID: UInt64] = [:]
    private var lastClaim: UInt64 = 0
    private var idle = IdleQueue()
    /// How many pages evicting every idle stream would bring.
    private(set) var idlePages = 0

    var count: Int { self.entries.count }

    /// The stream of a name.
    func stream(_ id: StreamID) -> MemoryStream? { self.entries[id]?.stream }

    // MARK: Claims

    /// Reserves a name for one writer, in place of whoever had it reserved.
    mutating func claim(_ id: StreamID, _ options: WriteOptions) -> Claim {
        self.lastClaim += 1
        self.claims[id] = self.lastClaim
        return Claim(id: id, options: options, number: self.lastClaim)
    }

    /// Whether a writer that is not open yet has the name reserved.
    func isClaimed(_ id: StreamID) -> Bool { self.claims[id] != nil }

    /// Whether a claim still holds.
    func holds(_ claim: Claim) -> Bool { self.claims[claim.id] == claim.number }

    /// Ends a claim, if it still holds.
    mutating func giveUp(_ claim: Claim) {
        if self.holds(claim) { self.claims[claim.id] = nil }
    }

    // MARK: Streams

    /// Puts a stream in, in place of another of its name.
    ///
    /// - Returns: The other stream.
    mutating func insert(_ stream: MemoryStream) -> Leaving? {
        let previous = self.take(stream.id)
        self.entries[stream.id] = Entry(stream: stream)
        self.order.insert(stream.id, at: self.position(of: stream.id))
        return previous
    }

    /// Takes a stream out.
    ///
    /// - Returns: The stream; `nil` where it is not there any more.
    mutating func remove(_ stream: MemoryStream) -> Leaving? {
        guard self.entries[stream.id]?.stream === stream else { return nil }
        return self.take(stream.id)
    }

    private mutating func take(_ id: StreamID) -> Leaving? {
        guard let entry = self.entries.removeValue(forKey: id) else { return nil }
        self.order.remove(at: self.position(of: id))
        if entry.idle != 0 { self.leaveIdle(entry) }
        return Leaving(stream: entry.stream, isRead: entry.readers > 0)
    }

    /// The first place in the order whose name is not below `id`.
    private func position(of id: StreamID) -> Int {
        var range = 0..<self.order.count
        // Most names are made in order, and go to the end.
        if let last = self.order.last, last < id { return self.order.count }
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = self.order[middle] < id ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    /// The next streams in the order of their names.
    ///
    /// - Parameters:
    ///   - cursor: The name after which to start.
    ///   - prefix: How the names begin.
    ///   - limit: The most streams.
    func streams(after cursor: StreamID?, prefix: String? = nil, limit: Int) -> [MemoryStream] {
        var index = cursor.map { self.position(of: $0) } ?? 0
        if let cursor, index < self.order.count, self.order[index] == cursor { index += 1 }
        var streams: [MemoryStream] = []
        if let prefix {
            let first = self.order.partitioningIndex { !$0.rawValue.utf8.lexicographicallyPrecedes(prefix.utf8) }
            index = max(index, first)
        }
        while index < self.order.count, streams.count < limit {
            let id = self.order[index]
            if let prefix, !id.rawValue.utf8.starts(with: prefix.utf8) { break }
            if let entry = self.entries[id] { streams.append(entry.stream) }
            index += 1
        }
        return streams
    }

    // MARK: Who needs what

    /// A reader comes.
    mutating func retain(_ id: StreamID) -> MemoryStream? {
        guard var entry = self.entries[id], entry.stream.status.state != .removed else { return nil }
        entry.readers += 1
        let ticket = entry.idle
        entry.idle = 0
        self.entries[id] = entry
        if ticket != 0 { self.leaveIdle(entry) }
        return entry.stream
    }

    /// A reader goes.
    mutating func release(_ stream: MemoryStream) {
        guard let entry = self.entries[stream.id], entry.stream === stream else { return }
        self.entries[stream.id]?.readers = entry.readers - 1
        self.mayBeIdle(stream)
    }

    /// A stream was sealed, or let go of by a reader.
    mutating func mayBeIdle(_ stream: MemoryStream) {
        guard
            let entry = self.entries[stream.id], entry.stream === stream, entry.readers == 0, entry.idle == 0,
            stream.status.state == .sealed
        else { return }
        self.entries[stream.id]?.idle = self.idle.append(stream.id)
        self.idlePages += stream.pages(for: stream.status.size)
    }

    private mutating func leaveIdle(_ entry: Entry) {
        self.idlePages -= entry.stream.pages(for: entry.stream.status.size)
        let entries = self.entries
        self.idle.forget { entries[$0]?.idle == $1 }
    }

    // A function of its own: the dictionary must not be shared any more when it is changed, or it would be copied.
    private mutating func drawIdle() -> StreamID? {
        let entries = self.entries
        return self.idle.popFirst { entries[$0]?.idle == $1 }
    }

    /// Takes out the stream that has been idle longest: sealed, and without a reader.
    mutating func evict() -> Leaving? {
        guard let id = self.drawIdle(), let stream = self.entries.removeValue(forKey: id)?.stream else { return nil }
        self.order.remove(at: self.position(of: id))
        self.idlePages -= stream.pages(for: stream.status.size)
        return Leaving(stream: stream, isRead: false)
    }
}

extension Array {
    /// The first index at which `isInSecondPart` holds, where it holds for all elements from some index on.
    fileprivate func partitioningIndex(_ isInSecondPart: (Element) -> Bool) -> Int {
        var range = 0..<self.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = isInSecondPart(self[middle]) ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
        }
        return range.lowerBound
    }
}
