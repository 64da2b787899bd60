import CacheProtocol
import GRDB

/// What is known, across restarts, of where each stream of the hot tier is.
///
/// Only a row that says ``Place/copied`` lets the hot tier's copy go. So a ledger that is lost costs the work of
/// comparing the tiers again, and never a stream.
///
/// Calls may wait for the device.
final class Ledger: Sendable {
    typealias Place = TierPlace

    /// A stream that is to be copied.
    struct Pending: Hashable, Sendable {
        var id: StreamID
        /// Tells one stream of a name from a later one.
        var generation: Int64
        var attempts: Int64
    }

    private let database: any DatabaseWriter
    private let path: String

    /// Opens the ledger, or makes it.
    ///
    /// - Parameter path: The file's path.
    /// - Throws: ``CacheError`` with code `io` or `storage_full`.
    init(path: String) throws(CacheError) {
        self.path = path
        self.database = try Self.translating(path) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.label = "ledger"
            configuration.maximumReaderCount = 4
            let pool = try DatabasePool(path: path, configuration: configuration)
            // A name that was forgotten must stay so: after a power cut an old row would speak for a new stream. The pool
            // chooses less for itself when it is made, whatever was prepared.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            try Self.migrator.migrate(pool)
            return pool
        }
    }

    /// Whether what is noted is on the device before it is said to be (`synchronous` is FULL, or more).
    func isWrittenThrough() throws(CacheError) -> Bool {
        try self.write { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0 } >= 2
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("streams") { db in
            try db.execute(
                sql: """
                    CREATE TABLE streams (
                        id TEXT PRIMARY KEY NOT NULL,
                        place TEXT NOT NULL,
                        size INTEGER NOT NULL,
                        generation INTEGER NOT NULL,
                        since INTEGER NOT NULL,
                        due INTEGER NOT NULL,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        failure TEXT
                    ) WITHOUT ROWID
                    """
            )
            // Copied streams are most of them by far, and are looked up by name alone.
            try db.execute(sql: "CREATE INDEX unfinished ON streams (place, due) WHERE place <> 'copied'")
        }
        // Which store the cold tier was when it got the stream.
        migrator.registerMigration("store") { db in try db.execute(sql: "ALTER TABLE streams ADD COLUMN store TEXT") }
        return migrator
    }

    static func translating<Value>(_ path: String, _ body: () throws -> Value) throws(CacheError) -> Value {
        do {
            return try body()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw CacheError(.storageFull, "There is no room for the ledger \(path) to be written.", cause: error)
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw CacheError(
                .io,
                "The ledger \(path) is damaged. Move it aside and start again: it is made anew from what the tiers have.",
                cause: error
            )
        } catch {
            throw CacheError(
                .io,
                "The ledger \(path) can't be used: \(error). Look at the rights on the file and its directory.",
                cause: error
            )
        }
    }

    private func write<Value>(_ body: (Database) throws -> Value) throws(CacheError) -> Value {
        try Self.translating(self.path) { try self.database.write(body) }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(CacheError) -> Value {
        try Self.translating(self.path) { try self.database.read(body) }
    }

    // MARK: One stream

    /// Where a stream is, as far as the ledger knows.
    func place(_ id: StreamID) throws(CacheError) -> Place? {
        try self.read { db in
            try String.fetchOne(db, sql: "SELECT place FROM streams WHERE id = ?", arguments: [id.rawValue])
        }.flatMap(Place.init(rawValue:))
    }

    /// Notes a stream, in place of whatever was known under its name.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - place: Where it is.
    ///   - size: Its length in bytes.
    ///   - time: The time.
    ///   - store: Which store the cold tier is that has it, or had it; `nil` where that is not known.
    func note(
        _ id: StreamID,
        _ place: Place,
        size: Int64,
        at time: Timestamp,
        in store: String? = nil
    ) throws(CacheError) {
        try self.write { db in
            try db.execute(
                sql: """
                    INSERT INTO streams (id, place, size, generation, since, due, store) VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET place = excluded.place, size = excluded.size,
                        generation = excluded.generation, since = excluded.since, due = excluded.due, attempts = 0,
                        failure = NULL, store = excluded.store
                    """,
                arguments: [
                    id.rawValue, place.rawValue, size, Int64.random(in: 0 ... .max), time.millisecondsSinceEpoch,
                    time.millisecondsSinceEpoch, store,
                ]
            )
        }
    }

    /// Moves a stream that the cold tier has, or had, from one of those places to the other; all else that is known of it
    /// stays.
    func move(_ id: StreamID, to place: Place) throws(CacheError) {
        try self.write { db in
            try db.execute(
                sql: "UPDATE streams SET place = ? WHERE id = ? AND place IN ('copied', 'missing')",
                arguments: [place.rawValue, id.rawValue]
            )
        }
    }

    /// Which store the cold tier was when it got a stream, where that is known.
    func store(of id: StreamID) throws(CacheError) -> String? {
        try self.read { db in
            try String.fetchOne(db, sql: "SELECT store FROM streams WHERE id = ?", arguments: [id.rawValue])
        }
    }

    /// Notes a stream that is in the hot tier, unless something is known of it.
    func adopt(_ id: StreamID, size: Int64, at time: Timestamp) throws(CacheError) {
        guard try self.place(id) == nil else { return }
        try self.note(id, .pending, size: size, at: time)
    }

    /// Forgets a stream: nothing of its name may go from here on.
    func forget(_ id: StreamID) throws(CacheError) {
        try self.write { db in
            try db.execute(sql: "DELETE FROM streams WHERE id = ?", arguments: [id.rawValue])
        }
    }

    /// Forgets that a stream is being brought into the hot tier, if nothing else has become known of its name.
    func forgetFilling(_ id: StreamID) throws(CacheError) {
        try self.write { db in
            try db.execute(sql: "DELETE FROM streams WHERE id = ? AND place = 'filling'", arguments: [id.rawValue])
        }
    }

    /// Moves a pending stream on, if it is still the same one.
    ///
    /// - Parameters:
    ///   - pending: The stream.
    ///   - place: Where it is now.
    ///   - store: Which store the cold tier is that has it; `nil` where that is not known.
    /// - Returns: `false` where it was forgotten or noted anew in the meantime.
    func settle(_ pending: Pending, as place: Place, in store: String? = nil) throws(CacheError) -> Bool {
        try self.write { db in
            try db.execute(
                sql: """
                    UPDATE streams SET place = ?, failure = NULL, store = ?
                    WHERE id = ? AND generation = ? AND place = 'pending'
                    """,
                arguments: [place.rawValue, store, pending.id.rawValue, pending.generation]
            )
            return db.changesCount > 0
        }
    }

    /// Forgets a pending stream, if it is still the same one.
    func forget(_ pending: Pending) throws(CacheError) {
        try self.write { db in
            try db.execute(
                sql: "DELETE FROM streams WHERE id = ? AND generation = ? AND place = 'pending'",
                arguments: [pending.id.rawValue, pending.generation]
            )
        }
    }

    /// Whether a stream still is to be copied, and still is the same one.
    func isPending(_ pending: Pending) throws(CacheError) -> Bool {
        try self.read { db in
            try Bool.fetchOne(
                db,
                sql: "SELECT 1 FROM streams WHERE id = ? AND generation = ? AND place = 'pending'",
                arguments: [pending.id.rawValue, pending.generation]
            ) ?? false
        }
    }

    /// A copy failed: it is due again later.
    func postpone(_ pending: Pending, until due: Timestamp, because failure: String) throws(CacheError) {
        try self.write { db in
            try db.execute(
                sql: "UPDATE streams SET due = ?, attempts = attempts + 1, failure = ? WHERE id = ? AND generation = ?",
                arguments: [due.millisecondsSinceEpoch, failure, pending.id.rawValue, pending.generation]
            )
        }
    }

    /// Forgets a stream that is in the cold tier, unless more has become known of its name since.
    func forgetCopied(_ id: StreamID) throws(CacheError) {
        try self.write { db in
            try db.execute(sql: "DELETE FROM streams WHERE id = ? AND place = 'copied'", arguments: [id.rawValue])
        }
    }

    // MARK: All of them

    /// Some other streams that are in the cold tier: the neighbours of a name, of the same store as far as is known.
    func copiedNeighbours(of id: StreamID) throws(CacheError) -> [StreamID] {
        let store = try self.store(of: id)
        return try self.read { db in
            let others = "SELECT id FROM streams WHERE place = 'copied' AND store IS ?"
            let before = "\(others) AND id < ? ORDER BY id DESC LIMIT 4"
            let after = "\(others) AND id > ? ORDER BY id LIMIT 4"
            return try String.fetchAll(db, sql: before, arguments: [store, id.rawValue])
                + String.fetchAll(db, sql: after, arguments: [store, id.rawValue])
        }.compactMap { StreamID(validating: $0) }
    }

    /// One page of the streams that are in the cold tier, in the order of their names.
    func copied(after id: StreamID?, limit: Int) throws(CacheError) -> [StreamID] {
        try self.read { db in
            try String.fetchAll(
                db,
                sql: "SELECT id FROM streams WHERE id > ? AND place = 'copied' ORDER BY id LIMIT ?",
                arguments: [id?.rawValue ?? "", limit]
            )
        }.compactMap { StreamID(validating: $0) }
    }

    /// Streams whose copying is due, the ones that wait longest first.
    func due(at time: Timestamp, limit: Int) throws(CacheError) -> [Pending] {
        try self.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, generation, attempts FROM streams WHERE place = 'pending' AND due <= ? ORDER BY due LIMIT ?
                    """,
                arguments: [time.millisecondsSinceEpoch, limit]
            ).compactMap { row in
                guard let id = StreamID(validating: row[0]) else { return nil }
                return Pending(id: id, generation: row[1], attempts: row[2])
            }
        }
    }

    /// When the next copy is due that is not due yet.
    func nextDue(after time: Timestamp) throws(CacheError) -> Timestamp? {
        try self.read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT MIN(due) FROM streams WHERE place = 'pending' AND due > ?",
                arguments: [time.millisecondsSinceEpoch]
            )
        }.map(Timestamp.init(millisecondsSinceEpoch:))
    }

    /// Makes every pending stream due: the cold tier is back.
    func hasten(to time: Timestamp) throws(CacheError) {
        try self.write { db in
            try db.execute(
                sql: "UPDATE streams SET due = ? WHERE place = 'pending' AND due > ?",
                arguments: [time.millisecondsSinceEpoch, time.millisecondsSinceEpoch]
            )
        }
    }

    /// The streams at a place, other than ``Place/copied``, of which there may be many.
    func streams(at place: Place) throws(CacheError) -> [StreamID] {
        try self.read { db in
            try String.fetchAll(db, sql: "SELECT id FROM streams WHERE place = ?", arguments: [place.rawValue])
        }.compactMap { StreamID(validating: $0) }
    }

    /// What waits and what is in conflict, for gauges.
    struct Totals: Hashable, Sendable {
        var pendingStreams: Int64 = 0
        var pendingBytes: Int64 = 0
        var oldestPending: Timestamp?
        var conflicts: Int64 = 0
    }

    /// What waits and what is in conflict.
    func totals() throws(CacheError) -> Totals {
        try self.read { db in
            var totals = Totals()
            let sql = "SELECT COUNT(*), COALESCE(SUM(size), 0), MIN(since) FROM streams WHERE place = 'pending'"
            if let row = try Row.fetchOne(db, sql: sql) {
                totals.pendingStreams = row[0]
                totals.pendingBytes = row[1]
                totals.oldestPending = (row[2] as Int64?).map(Timestamp.init(millisecondsSinceEpoch:))
            }
            totals.conflicts =
                try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM streams WHERE place = 'conflict'") ?? 0
            return totals
        }
    }

    /// Closes the connections; nothing may be asked after that.
    func close() { try? self.database.close() }
}
