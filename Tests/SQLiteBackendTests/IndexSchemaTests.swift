import CacheProtocol
import FileBackendSupport
import FileStorage
import GRDB
import TestSupport
import Testing

@testable import SQLiteBackend

@Suite("The index's schema")
struct IndexSchemaTests {
    /// What a row of version 1 is made of, written as a gateway of that version wrote it.
    private static let first = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1: one row a stream');
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
        CREATE INDEX stream_state ON stream (state, id, size);
        CREATE INDEX stream_created ON stream (created);
        CREATE INDEX stream_use ON stream (coalesce(last_read, sealed)) WHERE state = 'sealed';
        CREATE INDEX stream_expires ON stream (expires) WHERE expires IS NOT NULL;
        CREATE INDEX stream_sealed ON stream (sealed) WHERE state = 'sealed' AND ttl IS NULL;
        INSERT INTO stream VALUES (
            'talk-1', 'talk-1.audio', 'sealed', 3, 'audio/opus',
            x'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 1000, 2000, 3000, 62000, 60,
            '{"k":"v"}', 'power', 2000, 4000, 'ok'
        );
        """

    @Test("an index of the first version is read, row by row, by this one")
    func firstVersion() async throws {
        let directory = try TemporaryDirectory()
        let path = StreamIndex.path(inDirectory: directory.path)
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: Self.first) }
            try queue.close()
        }
        let index = try StreamIndex(path: path, access: .own(.process))
        let row = try #require(try index.stream(StreamID("talk-1")))
        #expect(row.file == "talk-1.audio" && row.state == .sealed && row.size == 3)
        #expect(row.contentType == "audio/opus" && row.metadata == ["k": "v"] && row.durability == .power)
        #expect(row.sha256?.description.hasPrefix("ba7816bf8f01cfea") == true)
        #expect(row.createdAt.millisecondsSinceEpoch == 1_000 && row.sealedAt?.millisecondsSinceEpoch == 2_000)
        #expect(row.lastReadAt?.millisecondsSinceEpoch == 3_000 && row.expiresAt?.millisecondsSinceEpoch == 62_000)
        #expect(row.timeToLiveSeconds == 60 && row.changedAt.millisecondsSinceEpoch == 2_000)
        #expect(row.lastVerifiedAt?.millisecondsSinceEpoch == 4_000 && row.verification == .good)
    }

    @Test("what the migrations make is what a released version made, word for word")
    func schemaStays() async throws {
        func schema(_ queue: DatabaseQueue) async throws -> [String: String] {
            let rows = try await queue.read { db in
                try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_master WHERE name LIKE 'stream%'")
                    .map { ($0["name"] as String, $0["sql"] as String) }
            }
            return Dictionary(uniqueKeysWithValues: rows)
                .mapValues { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        }
        let released = try DatabaseQueue()
        try await released.write { try $0.execute(sql: Self.first) }
        let made = try DatabaseQueue()
        try StreamIndex.migrator.migrate(made)
        #expect(try await schema(made) == schema(released))
    }

    @Test("a program that only reads makes no index and changes none")
    func readingMakesNothing() throws {
        let directory = try TemporaryDirectory()
        let path = StreamIndex.path(inDirectory: directory.path)
        let error = #expect(throws: CacheError.self) { try StreamIndex(path: path, access: .read) }
        #expect(error?.code == .streamNotFound)
        #expect(directory.contents == [])
    }

    @Test("the pages that the gateway asks for most are stretches of an index, and no sorting of all rows")
    func plans() throws {
        let directory = try TemporaryDirectory()
        let index = try StreamIndex(path: StreamIndex.path(inDirectory: directory.path), access: .own(.process))
        func plan(_ sql: String) throws -> String {
            try index.read { db in
                let values = [(any DatabaseValueConvertible)?](repeating: nil, count: sql.count { $0 == "?" })
                return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments(values))
                    .map { $0["detail"] as String }
            }.joined(separator: "; ")
        }
        let columns = "SELECT \(IndexedStream.columns) FROM stream "
        for sql in [
            columns + "WHERE id > 'x' ORDER BY id LIMIT 100",
            columns + "WHERE id >= 'a' AND id < 'b' AND +state IN ('sealed', 'live') ORDER BY id LIMIT 100",
            columns + "WHERE state IN ('live') AND id > 'x' ORDER BY id LIMIT 100",
            columns + StreamIndex.Stretch.expired, columns + StreamIndex.Stretch.sealedBefore,
            columns + StreamIndex.Stretch.suspendedBefore, columns + StreamIndex.Stretch.leastUsed,
            columns + StreamIndex.Stretch.leastUsedAfter,
            "SELECT state, count(*), sum(size) FROM stream GROUP BY state",
        ] {
            let plan = try plan(sql)
            #expect(!plan.contains("TEMP B-TREE"), "\(sql): \(plan)")
            #expect(plan.contains("INDEX") || plan.contains("PRIMARY KEY"), "\(sql): \(plan)")
        }
    }
}

@Suite("Values that no gateway wrote")
struct IndexValueTests {
    @Test(
        "whatever kind of value is in whichever column, a row is read or refused as damaged, and nothing ends",
        arguments: [
            "file", "state", "size", "content_type", "sha256", "created", "sealed", "last_read", "expires", "ttl",
            "metadata", "durability", "changed", "last_verified", "verification",
        ]
    )
    func anyValue(_ column: String) async throws {
        let directory = try TemporaryDirectory()
        let index = try StreamIndex(path: StreamIndex.path(inDirectory: directory.path), access: .own(.process))
        let moment = Timestamp(millisecondsSinceEpoch: 1)
        for name in ["a", "b"] {
            var info = StreamInfo(id: try StreamID(name), state: .sealed, size: 3, createdAt: moment)
            info.sealedAt = moment
            try index.put([IndexedStream(info, file: "\(name).audio", changedAt: moment)])
        }
        let rules = KeepingRules(timeToLiveSeconds: 1, suspendedTimeToLiveSeconds: 1)
        let questions: [() throws -> Void] = [
            { _ = try index.streams() },
            { _ = try index.stream(StreamID("a")) },
            { _ = try index.totals() },
            { _ = try index.histogram(of: .size, bounds: [1, 2]) },
            { _ = try index.histogram(of: .age(at: moment), bounds: [1, 2]) },
            { _ = try index.histogram(of: .idle(at: moment), bounds: [1, 2]) },
            { _ = try index.states(of: [StreamID("a")]) },
            { _ = try index.outlines(after: nil, limit: 10) },
            { _ = try index.expired(at: moment, rules, limit: 10) },
            { _ = try index.leastUsed(limit: 10) },
        ]
        for value in [
            "'text'", "x'ff00fe'", "1.5", "1e300", "-1", "9223372036854775807", "-9223372036854775808", "''", "x''",
            "zeroblob(100000)",
        ] {
            // The damage takes no notice of what the schema forbids.
            try index.write { db in
                try db.execute(sql: "PRAGMA ignore_check_constraints = 1")
                try db.execute(sql: "UPDATE stream SET \(column) = \(value)")
            }
            for question in questions {
                do {
                    try question()
                } catch let error as CacheError {
                    #expect(error.code == .io, "\(column) = \(value): \(error)")
                }
            }
        }
    }
}
