import CacheProtocol

/// A backend in front of another one, whose readers are something else's.
struct ReaderWrappingBackend: CacheBackend {
    let base: any CacheBackend
    let wrap: @Sendable (StreamReader) -> any StreamSource

    var capabilities: Capabilities { self.base.capabilities }

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.base.makeWriter(for: id, options: options)
    }

    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(self.wrap(try self.base.makeReader(for: id)))
    }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.base.streams(matching: filter, after: cursor, limit: limit)
    }

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.base.info(id) }
    func remove(_ id: StreamID) async throws(CacheError) { try await self.base.remove(id) }
    func health() async -> BackendHealth { await self.base.health() }
    func run() async throws { try await self.base.run() }
}
