import CacheProtocol
import FileStorage
import SQLiteBackend

extension CacheInspector {
    /// Lists streams. By id it takes memory for one page, however many there are; in another order for as many streams
    /// as are listed.
    ///
    /// - Parameters:
    ///   - options: Which streams, and in which order.
    ///   - format: How it is written.
    ///   - write: Takes the text, piece by piece.
    /// - Returns: The totals.
    /// - Throws: ``InspectError``, or what `write` throws.
    @discardableResult
    public func list(
        _ options: ListOptions,
        as format: ListOptions.Format,
        write: (String) throws -> Void
    ) throws -> ListTotals {
        let query = options.query
        var totals = ListTotals()
        var writer = ListingWriter(format, now: self.clock())
        // One more than is wanted is asked for: whether there is more is worth saying.
        var probing = query
        probing.limit = query.limit.map { $0 < .max ? $0 + 1 : $0 }
        var left = query.limit ?? .max
        try self.forEachPage(probing) { page in
            let shown = page.prefix(left)
            left -= shown.count
            totals.isComplete = shown.count == page.count
            totals.streams += Int64(shown.count)
            totals.bytes = shown.reduce(totals.bytes) { $0.addingClamped($1.size) }
            try write(try writer.page(Array(shown)))
        }
        if totals.isComplete {
            (totals.matchingStreams, totals.matchingBytes) = (totals.streams, totals.bytes)
        } else if options.countsAll || self.inventory.countsQuickly {
            let matching = try self.inventory.totals(query).values.reduce(into: StreamIndex.Totals()) { $0.add($1) }
            totals.matchingStreams = matching.count
            totals.matchingBytes = matching.bytes
        }
        try write(try writer.end(totals))
        return totals
    }

    /// The streams of a query, page by page where its order allows that.
    private func forEachPage(_ query: StreamIndexQuery, _ body: ([IndexedStream]) throws -> Void) throws {
        guard query.order == .id, !query.isDescending else { return try body(try self.inventory.streams(query)) }
        var page = query
        var left = query.limit ?? .max
        while left > 0 {
            let wanted = min(left, 1_000)
            page.limit = wanted
            let streams = try self.inventory.streams(page)
            try body(streams)
            guard streams.count == wanted, let last = streams.last else { return }
            left -= streams.count
            page.after = last.id
        }
    }
}

extension ListOptions {
    /// The same as a question to the index.
    var query: StreamIndexQuery {
        var query = StreamIndexQuery()
        query.prefix = self.prefix
        query.states = self.state.flatMap { IndexedStream.State(rawValue: $0.rawValue) }.map { [$0] }
        query.limit = self.limit > 0 ? self.limit : nil
        let (order, isDescending): (StreamIndexQuery.Order, Bool) =
            switch self.sort {
            case .id: (.id, false)
            case .state: (.state, false)
            case .size: (.size, true)
            case .type: (.contentType, false)
            case .created: (.created, true)
            case .read: (.lastRead, true)
            case .expires: (.expires, false)
            case .verified: (.lastVerified, false)
            }
        query.order = order
        query.isDescending = isDescending != self.isReversed
        return query
    }
}
