public import CacheProtocol

/// A backend that is a ``FileStore`` over a catalog of its own: it says how the store is made, and has the rest from here.
public protocol FileStoreBackend: CacheBackend, GuardedEviction {
    /// Where the streams are.
    var store: FileStore { get }
}

extension FileStoreBackend {
    /// See ``CacheBackend/capabilities``.
    public var capabilities: Capabilities { self.store.capabilities }

    /// See ``CacheBackend/makeWriter(for:options:)``.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.store.makeWriter(for: id, options: options)
    }

    /// See ``CacheBackend/makeReader(for:)``.
    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { self.store.makeReader(for: id) }

    /// See ``CacheBackend/streams(matching:after:limit:)``.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.store.streams(matching: filter, after: cursor, limit: limit)
    }

    /// See ``CacheBackend/info(_:)``.
    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.store.info(id) }

    /// See ``CacheBackend/remove(_:)``.
    public func remove(_ id: StreamID) async throws(CacheError) { try await self.store.remove(id) }

    /// See ``CacheBackend/health()``.
    public func health() async -> BackendHealth { await self.store.health() }

    /// See ``CacheBackend/run()``.
    public func run() async throws { try await self.store.run() }

    /// See ``GuardedEviction/guardEviction(by:)``.
    public func guardEviction(by mayEvict: @escaping @Sendable (StreamID) -> Bool) {
        self.store.guardEviction(by: mayEvict)
    }
}
