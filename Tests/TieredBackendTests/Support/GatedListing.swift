import CacheProtocol
import Synchronization

/// A cold tier in whose listings something happens between the answer and its arrival.
final class GatedListing: CacheBackend {
    private let backend: any CacheBackend
    private let hook = Mutex<(@Sendable () async -> Void)?>(nil)

    init(_ backend: any CacheBackend) { self.backend = backend }

    /// What happens in the next listing.
    func afterListing(_ body: @escaping @Sendable () async -> Void) { self.hook.withLock { $0 = body } }

    var capabilities: Capabilities { self.backend.capabilities }

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.backend.makeWriter(for: id, options: options)
    }

    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { try self.backend.makeReader(for: id) }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        let page = try await self.backend.streams(matching: filter, after: cursor, limit: limit)
        await self.hook.withLock { $0.take() }?()
        return page
    }

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.backend.info(id) }

    func remove(_ id: StreamID) async throws(CacheError) { try await self.backend.remove(id) }

    func health() async -> BackendHealth { await self.backend.health() }

    func run() async throws { try await self.backend.run() }
}
