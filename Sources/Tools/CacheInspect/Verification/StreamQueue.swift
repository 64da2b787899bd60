import CacheProtocol
import SQLiteBackend

/// The streams that are to be verified, one page of them in memory.
struct StreamQueue {
    private let inventory: any StreamInventory
    private var query: StreamIndexQuery
    private var page: ArraySlice<IndexedStream> = []
    private var isLast = false

    init(_ inventory: any StreamInventory, _ query: StreamIndexQuery) {
        self.inventory = inventory
        self.query = query
        self.query.order = .id
        self.query.limit = 500
    }

    /// The next stream, or `nil` where there is none.
    mutating func next() async throws(InspectError) -> IndexedStream? {
        if self.page.isEmpty, !self.isLast {
            let (inventory, query) = (self.inventory, self.query)
            let streams = try await BlockingWork.attempt { _ throws(InspectError) in try inventory.streams(query) }
            self.isLast = streams.count < query.limit ?? 0
            self.query.after = streams.last?.id
            self.page = streams[...]
        }
        return self.page.popFirst()
    }
}
