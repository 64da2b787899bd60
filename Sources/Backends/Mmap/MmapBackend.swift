public import CacheProtocol
public import FileStorage
public import Logging

/// Streams as plain files in one directory, without any index: `<id>.part` while they are written, `<id>.audio` once
/// sealed, the facts about them in extended attributes. What is on disk is all there is, so nothing can disagree.
public struct MmapBackend: CacheBackend {
    /// The name that configurations use.
    public static let type = "mmap"

    private let store: FileStore
    private let logger: Logger

    /// Opens the directory.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - processID: What to write into the directory's lock file.
    ///   - calls: The file calls.
    ///   - clock: The wall clock.
    ///   - logger: Where to report what was found.
    /// - Throws: ``CacheError`` where the directory can't be used: the message says why and what to do.
    public init(
        configuration: FileStoreConfiguration,
        processID: Int32,
        calls: any FileCalls = POSIXFileCalls(),
        clock: @escaping @Sendable () -> Timestamp = { .now },
        logger: Logger
    ) throws(CacheError) {
        let directory = try CacheDirectory(path: configuration.directory, processID: processID, calls: calls)
        self.store = FileStore(
            configuration: configuration,
            directory: directory,
            catalog: DirectoryCatalog(directory),
            clock: clock,
            logger: logger
        )
        self.logger = logger
    }

    public var capabilities: Capabilities { self.store.capabilities }

    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.store.makeWriter(for: id, options: options)
    }

    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { self.store.makeReader(for: id) }

    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.store.streams(matching: filter, after: cursor, limit: limit)
    }

    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.store.info(id) }

    public func remove(_ id: StreamID) async throws(CacheError) { try await self.store.remove(id) }

    public func health() async -> BackendHealth { await self.store.health() }

    public func run() async throws { try await self.store.run() }
}
