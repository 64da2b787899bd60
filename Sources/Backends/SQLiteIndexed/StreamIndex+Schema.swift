import CacheProtocol
import GRDB

extension StreamIndex {
    /// The schema's versions, oldest first. A version that was released is never changed again.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: one row a stream") { db in
            // Ids are compared by their bytes, as StreamID does; the table is ordered by them, so that a page of a
            // listing is one stretch of it.
            try db.execute(
                sql: """
                    CREATE TABLE stream (
                        id TEXT NOT NULL PRIMARY KEY COLLATE BINARY,
                        file TEXT NOT NULL,
                        state TEXT NOT NULL CHECK (state IN ('live', 'suspended', 'sealed', 'missing')),
                        size INTEGER NOT NULL,
                        content_type TEXT,
                        sha256 BLOB,
                        created INTEGER NOT NULL,
                        sealed INTEGER,
                        last_read INTEGER,
                        expires INTEGER,
                        ttl INTEGER,
                        metadata TEXT,
                        durability TEXT,
                        changed INTEGER NOT NULL,
                        last_verified INTEGER,
                        verification TEXT
                    ) WITHOUT ROWID;
                    -- Pages of one state in order, and counts and totals by state without looking at the rows.
                    CREATE INDEX stream_state ON stream (state, id, size);
                    CREATE INDEX stream_created ON stream (created);
                    -- Who is evicted first.
                    CREATE INDEX stream_use ON stream (coalesce(last_read, sealed)) WHERE state = 'sealed';
                    -- Whose time is over: by the stream's own time to live, and by the configuration's.
                    CREATE INDEX stream_expires ON stream (expires) WHERE expires IS NOT NULL;
                    CREATE INDEX stream_sealed ON stream (sealed) WHERE state = 'sealed' AND ttl IS NULL;
                    """
            )
        }
        return migrator
    }()

    /// Brings the schema up to date, or looks that it is.
    static func prepareSchema(of database: any DatabaseWriter, path: String, _ access: Access) throws {
        let migrator = self.migrator
        if try database.read({ try migrator.hasBeenSuperseded($0) }) { throw StreamIndexSuperseded(path: path) }
        if case .own = access {
            try database.read { try Self.check($0) }
            try migrator.migrate(database)
        } else if try database.read({ try !migrator.hasCompletedMigrations($0) }) {
            throw StreamIndexDamage(path: path, reason: "it has no table of streams of this version")
        }
        // Reading the table's root page tells a torso from an index.
        _ = try database.read { try Row.fetchOne($0, sql: "SELECT id FROM stream LIMIT 1") }
    }

    /// Looks through a small index page by page; a large one is only looked at where it is used.
    private static func check(_ db: Database) throws {
        let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        guard pages > 0, pages <= 8_192 else { return }
        let findings = try String.fetchAll(db, sql: "PRAGMA quick_check(1)")
        guard findings.first == "ok" else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: findings.joined(separator: "; "))
        }
    }
}
