public import CacheProtocol
import GRDB
import Synchronization

/// The index of a cache directory: one row a stream, in SQLite with a write-ahead log, so that it can be read while a
/// gateway writes it.
///
/// Every call may wait for the device and is not for an event loop. Each is a short transaction of its own, so that no
/// reader ever keeps the log from being written back.
public final class StreamIndex: Sendable {
    /// The index's file inside the cache directory.
    public static let fileName = "index.sqlite"

    /// What an index is opened for.
    public enum Access: Hashable, Sendable {
        /// Reading one that is there. Never changes the schema.
        case read
        /// Reading one that is there, and short writes to it. Never changes the schema.
        case update
        /// As the gateway: made where it is missing, its schema brought up to date.
        case own(Durability)
    }

    /// The file's path.
    public let path: String
    /// What the index was opened for.
    public let access: Access
    let database: any DatabaseWriter
    /// Called in each writing transaction before it is committed: where tests put a disk that is full.
    let interference = Mutex<(@Sendable () throws -> Void)?>(nil)

    /// Opens an index.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - access: What it is opened for.
    /// - Throws: ``/CacheProtocol/CacheError`` that names the path and what to do: `configuration` where a newer version made the
    ///   schema, `stream_not_found` where there is no index, `limit` where another process holds it, `storage_full`,
    ///   or `io` with a ``StreamIndexDamage`` as cause where the file is not an index or is damaged.
    public init(path: String, access: Access = .read) throws(CacheError) {
        self.path = path
        self.access = access
        self.database = try StreamIndex.translating(path) {
            let database = try StreamIndex.open(path, access)
            try StreamIndex.prepareSchema(of: database, path: path, access)
            return database
        }
    }

    /// The index of a cache directory.
    ///
    /// - Parameter directory: The directory's path.
    /// - Returns: The path of its index.
    public static func path(inDirectory directory: String) -> String {
        directory.hasSuffix("/") ? directory + self.fileName : "\(directory)/\(self.fileName)"
    }

    private static func open(_ path: String, _ access: Access) throws -> any DatabaseWriter {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "index"
        guard case .own(let durability) = access else {
            configuration.readonly = access == .read
            // Without this SQLite would make an empty file of any name that it is given.
            guard Self.exists(path) else { throw StreamIndexAbsence(path: path) }
            return try DatabaseQueue(path: path, configuration: configuration)
        }
        try Self.refuseNewer(path)
        configuration.maximumReaderCount = 4
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // Against power cuts each commit waits for the device; otherwise only the checkpoint does (sqlite.org/wal).
            try db.execute(sql: "PRAGMA synchronous = \(durability == .power ? "FULL" : "NORMAL")")
            // 1,000 pages of 4 KiB: the log stays in the size of a few megabytes.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 1000")
            try db.execute(sql: "PRAGMA journal_size_limit = \(8 << 20)")
        }
        return pool
    }

    /// Looks whether a newer version made the index, before it is opened for writing, which changes it.
    private static func refuseNewer(_ path: String) throws {
        guard Self.exists(path) else { return }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let isNewer = try queue.read { try self.migrator.hasBeenSuperseded($0) }
            try queue.close()
            if isNewer { throw StreamIndexSuperseded(path: path) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
            // A process ended in the middle of making the index, and who only reads may not undo what it had begun
            // (SQLITE_READONLY_ROLLBACK). Undoing it is no harm to an index of any version; after that it is looked at.
        }
    }

    /// Closes the connections; nothing may be asked after that.
    public func close() { try? self.database.close() }

    /// Brings the log back into the index's file and shortens it, as far as nobody reads.
    func checkpoint() {
        _ = try? self.database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    }
}
