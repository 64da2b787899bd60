public import CacheProtocol
public import FileStorage
import SQLiteBackend

/// A cache looked at from outside: its files, and its index where it has one, also while a gateway is at work.
///
/// Nothing is changed but by ``verify(_:observer:)``, which remembers in the index what it found, and by
/// ``repair(_:observer:)`` where it is told to.
public struct CacheInspector: Sendable {
    /// What a cache is opened for.
    public enum Access: Hashable, Sendable {
        /// Looking only.
        case read
        /// Looking, and remembering in the index what was found.
        case update
    }

    /// Where the cache is.
    public let location: CacheLocation
    let inventory: any StreamInventory
    let files: CacheFiles
    let clock: @Sendable () -> Timestamp

    /// Opens a cache that is there.
    ///
    /// - Parameters:
    ///   - location: Where it is.
    ///   - access: What it is opened for.
    ///   - calls: The file calls.
    ///   - clock: The wall clock.
    /// - Throws: ``InspectError`` with code `noIndex` where there is no index, or no directory; `io`, `busy` or
    ///   `configuration` where the index can't be used.
    public init(
        _ location: CacheLocation,
        access: Access = .read,
        calls: any FileCalls = POSIXFileCalls(),
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) throws(InspectError) {
        self.location = location
        let files = try CacheFiles(path: location.directory, calls: calls)
        self.files = files
        self.inventory =
            if let index = location.index {
                try IndexInventory(path: index, access: access == .update ? .update : .read)
            } else {
                DirectoryInventory(files: files)
            }
        self.clock = clock
    }

    /// Whether there is an index beside the files.
    public var hasIndex: Bool { self.inventory.isIndex }

    /// One stream's row.
    func row(_ id: StreamID) throws(InspectError) -> IndexedStream {
        if let row = try self.inventory.stream(id) { return row }
        throw InspectError(
            .wrong,
            "There is no stream \(id) in \(self.location.index ?? self.location.directory).",
            remedy: "cache-inspect list shows those that there are."
        )
    }
}
