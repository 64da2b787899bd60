public import CacheProtocol
public import FileStorage
public import Logging

/// Streams as plain files in one directory, without any index: `<id>.part` while they are written, `<id>.audio` once
/// sealed, the facts about them in extended attributes. What is on disk is all there is, so nothing can disagree.
public struct MmapBackend: FileStoreBackend {
    /// The name that configurations use.
    public static let type = "mmap"

    /// Where the streams are.
    public let store: FileStore

    /// Opens the directory.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - processID: What to write into the directory's lock file.
    ///   - calls: The file calls.
    ///   - clock: The clocks.
    ///   - logger: Where to report what was found.
    /// - Throws: ``/CacheProtocol/CacheError`` where the directory can't be used: the message says why and what to do.
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
}
