public import CacheProtocol
public import FileStorage
public import Logging

/// Streams as plain files in one directory, without any index: `<id>.part` while they are written, `<id>.audio` once
/// sealed, the facts about them in extended attributes. What is on disk is all there is, so nothing can disagree.
public struct MmapBackend: CacheBackend {
    /// The name that configurations use.
    public static let type = "mmap"

    let store: FileStore

    /// Opens the directory.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - processID: What to write into the directory's lock file.
    ///   - calls: The file calls.
    ///   - clock: The clocks.
    ///   - logger: Where to report what was found.
    /// - Throws: ``CacheError`` where the directory can't be used: the message says why and what to do.
    public init(
        configuration: FileStoreConfiguration,
        processID: Int32,
        calls: any FileCalls = POSIXFileCalls(),
        clock: FileClock = .system,
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
    }

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
}

extension MmapBackend: GuardedEviction {
    /// See ``GuardedEviction/guardEviction(by:)``.
    public func guardEviction(by mayEvict: @escaping @Sendable (StreamID) -> Bool) {
        self.store.guardEviction(by: mayEvict)
    }
}
