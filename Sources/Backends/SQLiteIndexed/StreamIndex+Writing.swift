public import CacheProtocol
import GRDB
import Synchronization

extension StreamIndex {
    /// Remembers what came of verifying a stream, unless its row says something else than when it was verified.
    ///
    /// - Parameters:
    ///   - verification: What came of it.
    ///   - stream: The row that the bytes were compared with.
    ///   - time: When.
    /// - Returns: Whether it was remembered.
    /// - Throws: ``/CacheProtocol/CacheError``; the index must not be open for reading only.
    @discardableResult
    public func record(
        _ verification: IndexedStream.Verification,
        of stream: IndexedStream,
        at time: Timestamp
    ) throws(CacheError) -> Bool {
        try self.write { db in
            try db.cachedStatement(
                sql: """
                    UPDATE stream SET last_verified = ?, verification = ?
                    WHERE id = ? AND changed = ? AND size = ?
                    """
            ).execute(arguments: [
                time.millisecondsSinceEpoch, verification.rawValue, stream.id.rawValue,
                stream.changedAt.millisecondsSinceEpoch, stream.size,
            ])
            return db.changesCount > 0
        }
    }

    /// Puts rows in, in place of those of the same id, in one transaction.
    ///
    /// - Parameter streams: The rows.
    /// - Throws: ``/CacheProtocol/CacheError``; the index must not be open for reading only.
    public func put(_ streams: [IndexedStream]) throws(CacheError) {
        try self.write { db in
            for stream in streams { try Self.put(stream, db) }
        }
    }

    /// Forgets streams, in one transaction. The files are the caller's business, and to be removed first.
    ///
    /// - Parameter ids: The streams' names.
    /// - Returns: How many rows there were.
    /// - Throws: ``/CacheProtocol/CacheError``; the index must not be open for reading only.
    @discardableResult
    public func forget(_ ids: [StreamID]) throws(CacheError) -> Int {
        try self.write { db in
            let statement = try db.cachedStatement(sql: "DELETE FROM stream WHERE id = ?")
            var count = 0
            for id in ids {
                try statement.execute(arguments: [id.rawValue])
                count += db.changesCount
            }
            return count
        }
    }

    static func forget(_ id: StreamID, _ db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM stream WHERE id = ?").execute(arguments: [id.rawValue])
    }

    static func put(_ stream: IndexedStream, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO stream (\(IndexedStream.columns)) VALUES (\(IndexedStream.placeholders))
                ON CONFLICT (id) DO UPDATE SET file = excluded.file, state = excluded.state, size = excluded.size,
                content_type = excluded.content_type, sha256 = excluded.sha256, created = excluded.created,
                sealed = excluded.sealed, last_read = excluded.last_read, expires = excluded.expires, ttl = excluded.ttl,
                metadata = excluded.metadata, durability = excluded.durability, changed = excluded.changed,
                last_verified = excluded.last_verified, verification = excluded.verification
                """
        ).execute(arguments: stream.arguments)
    }

    func write<Value>(_ body: (Database) throws -> Value) throws(CacheError) -> Value {
        try Self.translating(self.path) {
            try self.database.write { db in
                let value = try body(db)
                try self.interference.withLock { $0 }?()
                return value
            }
        }
    }
}
