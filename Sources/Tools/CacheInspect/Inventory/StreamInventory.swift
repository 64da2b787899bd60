import CacheProtocol
import SQLiteBackend

/// Who says which streams there are: the index, or the directory itself. Rows and questions are the index's own types.
///
/// Calls may wait for a device. What they return is the state of one moment: a gateway may be at work.
protocol StreamInventory: Sendable {
    /// Whether the inventory is an index beside the files, so that the two can disagree.
    var isIndex: Bool { get }

    /// Whether ``totals(_:)`` takes no longer than listing a page does.
    var countsQuickly: Bool { get }

    /// The rows that a query wants, in its order, in memory all at once.
    func streams(_ query: StreamIndexQuery) throws(InspectError) -> [IndexedStream]

    /// One stream's row.
    func stream(_ id: StreamID) throws(InspectError) -> IndexedStream?

    /// The states of those of some streams that have rows.
    func states(of ids: [StreamID]) throws(InspectError) -> [StreamID: IndexedStream.State]

    /// Count and bytes by state.
    func totals(_ query: StreamIndexQuery) throws(InspectError) -> [IndexedStream.State: StreamIndex.Totals]

    /// Count and bytes by classes; see ``StreamIndex``.
    func histogram(of measure: StreamIndex.Measure, bounds: [Int64]) throws(InspectError) -> [StreamIndex.Totals]

    /// Remembers what came of verifying a stream, and says whether there was a place to remember it.
    func record(
        _ verification: IndexedStream.Verification,
        of stream: IndexedStream,
        at time: Timestamp
    ) throws(InspectError) -> Bool
}

extension StreamInventory {
    /// How many streams a page has where all are gone through.
    static var pageSize: Int { 500 }

    /// Calls `body` with every stream that a query wants, in the order of their ids and in memory for one page, until
    /// it returns `false`.
    func forEach(
        _ query: StreamIndexQuery,
        _ body: (IndexedStream) throws(InspectError) -> Bool
    ) throws(InspectError) {
        var query = query
        query.order = .id
        query.isDescending = false
        query.limit = Self.pageSize
        while true {
            let page = try self.streams(query)
            for stream in page {
                guard try body(stream) else { return }
            }
            guard page.count == Self.pageSize, let last = page.last else { return }
            query.after = last.id
        }
    }
}
