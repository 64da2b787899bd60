public import CacheProtocol

/// A backend in front of another one, which does whatever it does not do itself.
public protocol ForwardingBackend: CacheBackend {
    /// The one behind it.
    var base: any CacheBackend { get }
}

extension ForwardingBackend {
    public var capabilities: Capabilities { self.base.capabilities }

    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.base.makeWriter(for: id, options: options)
    }

    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { try self.base.makeReader(for: id) }

    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.base.streams(matching: filter, after: cursor, limit: limit)
    }

    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.base.info(id) }

    public func remove(_ id: StreamID) async throws(CacheError) { try await self.base.remove(id) }

    public func health() async -> BackendHealth { await self.base.health() }

    public func run() async throws { try await self.base.run() }
}
