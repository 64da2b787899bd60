import CacheProtocol
import Synchronization

/// A backend that is as well as a test says.
struct OddHealthBackend: CacheBackend {
    /// What the backend says of itself.
    final class Health: Sendable {
        private let value: Mutex<BackendHealth>
        init(_ value: BackendHealth) { self.value = Mutex(value) }
        var current: BackendHealth { self.value.withLock { $0 } }
        func set(_ value: BackendHealth) { self.value.withLock { $0 = value } }
    }

    let base: any CacheBackend
    let oddHealth: Health

    var capabilities: Capabilities { self.base.capabilities }

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.base.makeWriter(for: id, options: options)
    }

    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { try self.base.makeReader(for: id) }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.base.streams(matching: filter, after: cursor, limit: limit)
    }

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.base.info(id) }
    func remove(_ id: StreamID) async throws(CacheError) { try await self.base.remove(id) }
    func health() async -> BackendHealth { self.oddHealth.current }
    func run() async throws { try await self.base.run() }
}
