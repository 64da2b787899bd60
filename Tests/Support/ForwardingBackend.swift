public import CacheProtocol

/// A backend in front of another one, which does whatever it does not do itself.
public protocol ForwardingBackend: CacheBackend {
    /// The one behind it.
    var base: any CacheBackend { get }
}

extension ForwardingBackend {
    /// That of the one behind it.
    public var capabilities: Capabilities { self.base.capabilities }

    /// That of the one behind it.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.base.makeWriter(for: id, options: options)
    }

    /// That of the one behind it.
    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { try self.base.makeReader(for: id) }

    /// That of the one behind it.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.base.streams(matching: filter, after: cursor, limit: limit)
    }

    /// That of the one behind it.
    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.base.info(id) }

    /// That of the one behind it.
    public func remove(_ id: StreamID) async throws(CacheError) { try await self.base.remove(id) }

    /// That of the one behind it.
    public func health() async -> BackendHealth { await self.base.health() }

    /// That of the one behind it.
    public func run() async throws { try await self.base.run() }
}
