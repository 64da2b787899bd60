import CacheProtocol
import FileStorage
import Logging

/// The index's file in its directory: opened, or made anew where it can't be used.
struct IndexFile {
    /// The name of a file that says that the index turned out to be damaged while it was used.
    static let damageMark = "index.sqlite.damaged"

    let index: StreamIndex
    /// Whether there was none, or none that could be used.
    let isNew: Bool

    /// Opens the index.
    ///
    /// One that is damaged is kept aside as `index.sqlite.broken-<milliseconds>`, with its log beside it. The streams'
    /// files are not touched.
    init(
        in directory: CacheDirectory,
        durability: Durability,
        now: Timestamp,
        logger: Logger
    ) throws(CacheError) {
        let path = StreamIndex.path(inDirectory: directory.path)
        // SQLite would follow a link, and wait at a pipe.
        let isThere = try directory.hasFile(StreamIndex.fileName)
        if try directory.hasFile(Self.damageMark) {
            if isThere {
                try Self.moveAside(directory, now, "it was found to be damaged when it was used last", logger)
            }
            try directory.removeFile(Self.damageMark)
            self.index = try StreamIndex(path: path, access: .own(durability))
            self.isNew = true
            return
        }
        let index: StreamIndex
        do throws(CacheError) {
            index = try StreamIndex(path: path, access: .own(durability))
        } catch {
            guard let damage = error.cause as? StreamIndexDamage else { throw error }
            try Self.moveAside(directory, now, damage.reason, logger)
            self.index = try StreamIndex(path: path, access: .own(durability))
            self.isNew = true
            return
        }
        self.index = index
        self.isNew = try index.totals().isEmpty
    }

    private static func moveAside(
        _ directory: CacheDirectory,
        _ now: Timestamp,
        _ reason: String,
        _ logger: Logger
    ) throws(CacheError) {
        let name = "\(StreamIndex.fileName).broken-\(now.millisecondsSinceEpoch)"
        for suffix in ["-wal", "-shm", ""] where try directory.hasFile(StreamIndex.fileName + suffix) {
            try directory.rename(StreamIndex.fileName + suffix, to: name + suffix)
        }
        logger.error(
            "the index can't be used; it is kept aside, and a new one is made from the streams' files",
            metadata: ["reason": "\(reason)", "kept as": "\(directory.path)/\(name)"]
        )
    }
}
