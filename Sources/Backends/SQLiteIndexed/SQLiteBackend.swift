public import CacheProtocol
public import FileStorage
public import Logging

/// Streams as plain files in one directory, exactly as the mmap backend keeps them, with an index over them in SQLite:
/// listings, totals, and what is to go next cost what they bring, however many streams there are.
///
/// The files stay the truth: the index can be thrown away and is made again from them.
public struct SQLiteBackend: FileStoreBackend {
    /// The name that configurations use.
    public static let type = "sqlite"

    /// Where the streams are.
    public let store: FileStore
    let index: StreamIndex

    /// Opens the directory and its index.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - processID: What to write into the directory's lock file.
    ///   - calls: The file calls; SQLite makes its own.
    ///   - clock: The clocks.
    ///   - logger: Where to report what was found.
    /// - Throws: ``/CacheProtocol/CacheError`` where the directory or the index can't be used: the message says why and what to do.
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
}
