public import CacheProtocol
public import FileStorage
public import Logging

/// Streams as plain files in one directory, exactly as the mmap backend keeps them, with an index over them in SQLite:
/// listings, totals, and what is to go next cost what they bring, however many streams there are.
///
/// The files stay the truth: the index can be thrown away and is made again from them.
public struct SQLiteBackend: CacheBackend {
    /// The name that configurations use.
    public static let type = "sqlite"

    let store: FileStore
    let index: StreamIndex

    /// Opens the directory and its index.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - processID: What to write into the directory's lock file.
    ///   - calls: The file calls; SQLite makes its own.
    ///   - clock: The clocks.
    ///   - logger: Where to report what was found.
    /// - Throws: ``CacheError`` where the directory or the index can't be used: the message says why and what to do.
    public init(
        configuration: FileStoreConfiguration,
        processID: Int32,
        calls: any FileCalls = POSIXFileCalls(),
        clock: FileClock = .system,
        logger: Logger
    ) throws(CacheError) {
        let directory = try CacheDirectory(path: configuration.directory, processID: processID, calls: calls)
        let file = try IndexFile(
            in: directory,
            durability: configuration.durability,
            now: clock.wall(),
            logger: logger
        )
        var recovery = IndexRecovery(index: file.index, directory: directory, now: clock.wall())
        try recovery.mendLive()
        self.index = file.index
        self.store = FileStore(
            configuration: configuration,
            directory: directory,
            catalog: IndexCatalog(
                index: file.index,
                directory: directory,
                isNew: file.isNew,
                firstReport: recovery.report,
                wall: clock.wall
            ),
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

extension SQLiteBackend: GuardedEviction {
    /// See ``GuardedEviction/guardEviction(by:)``.
    public func guardEviction(by mayEvict: @escaping @Sendable (StreamID) -> Bool) {
        self.store.guardEviction(by: mayEvict)
    }
}
