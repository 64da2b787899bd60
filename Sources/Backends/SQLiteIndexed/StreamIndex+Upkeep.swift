public import CacheProtocol
import FileStorage
import GRDB

extension StreamIndex {
    /// The states of those of some streams that have rows.
    ///
    /// - Parameter ids: The streams.
    /// - Returns: Their states; nothing of those that have no row.
    /// - Throws: ``/CacheProtocol/CacheError``.
    public func states(of ids: [StreamID]) throws(CacheError) -> [StreamID: IndexedStream.State] {
        try self.read { db in
            let statement = try db.cachedStatement(sql: "SELECT state FROM stream WHERE id = ?")
            var states: [StreamID: IndexedStream.State] = [:]
            for id in ids {
                let name: String? = try Row.fetchOne(statement, arguments: [id.rawValue])?.value(0)
                states[id] = name.flatMap(IndexedStream.State.init(rawValue:))
            }
            return states
        }
    }

    /// The rows of those of some streams that have any.
    func streams(named ids: [StreamID]) throws(CacheError) -> [StreamID: IndexedStream] {
        try self.read { db in
            let statement = try db.cachedStatement(sql: "SELECT \(IndexedStream.columns) FROM stream WHERE id = ?")
            var streams: [StreamID: IndexedStream] = [:]
            for id in ids {
                streams[id] = try Row.fetchOne(statement, arguments: [id.rawValue]).map(IndexedStream.init(row:))
            }
            return streams
        }
    }

    /// What is needed of a row to compare it with its file.
    struct Outline {
        var id: StreamID
        var state: IndexedStream.State
        var size: Int64
    }

    /// A page of outlines, in the order of their ids.
    func outlines(after cursor: StreamID?, limit: Int) throws(CacheError) -> [Outline] {
        try self.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT id, state, size FROM stream WHERE id > ? ORDER BY id LIMIT ?"
            )
            let rows = try Row.fetchCursor(statement, arguments: [cursor?.rawValue ?? "", limit])
            var outlines: [Outline] = []
            while let row = try rows.next() {
                let (id, state, size) = try IndexedStream.outline(row, id: 0, state: 1, size: 2)
                outlines.append(Outline(id: id, state: state, size: size))
            }
            return outlines
        }
    }

    /// Remembers when streams were last read.
    func touch(_ times: [StreamID: Timestamp]) throws(CacheError) {
        let all = Array(times)
        // By pieces, so that a START does not wait long for its turn.
        for start in stride(from: 0, to: all.count, by: 500) {
            try self.write { db in
                let statement = try db.cachedStatement(sql: "UPDATE stream SET last_read = ? WHERE id = ?")
                for (id, time) in all[start..<min(start + 500, all.count)] {
                    try statement.execute(arguments: [time.millisecondsSinceEpoch, id.rawValue])
                }
            }
        }
    }

    /// What stretches of the indexes upkeep goes through: each is named, since SQLite would rather go through all rows
    /// of a state and sort them.
    enum Stretch {
        static let expired =
            "INDEXED BY stream_expires WHERE expires <= ? AND state IN ('sealed', 'suspended') ORDER BY expires LIMIT ?"
        static let sealedBefore =
            "INDEXED BY stream_sealed WHERE state = 'sealed' AND ttl IS NULL AND sealed <= ? ORDER BY sealed LIMIT ?"
        static let suspendedBefore =
            "INDEXED BY stream_state WHERE state = 'suspended' AND changed <= ? LIMIT ?"
        static let leastUsed =
            "INDEXED BY stream_use WHERE state = 'sealed' ORDER BY coalesce(last_read, sealed), id LIMIT ?"
        // SQLite seeks by the first condition, and by a row value would go through the index from its beginning.
        static let leastUsedAfter =
            "INDEXED BY stream_use WHERE state = 'sealed' AND coalesce(last_read, sealed) >= ? "
            + "AND (coalesce(last_read, sealed) > ? OR id > ?) ORDER BY coalesce(last_read, sealed), id LIMIT ?"
    }

    /// Streams whose time is over: by their own time to live, by the configuration's, and those left unfinished.
    func expired(at now: Timestamp, _ rules: KeepingRules, limit: Int) throws(CacheError) -> [IndexedStream] {
        let moment = now.millisecondsSinceEpoch
        return try self.read { db in
            var streams = try Self.fetch(db, Stretch.expired, [moment, limit])
            if let seconds = rules.timeToLiveSeconds, streams.count < limit {
                let sealed = now.advanced(bySeconds: -seconds).millisecondsSinceEpoch
                streams += try Self.fetch(db, Stretch.sealedBefore, [sealed, limit - streams.count])
            }
            if streams.count < limit {
                let left = now.advanced(bySeconds: -rules.suspendedTimeToLiveSeconds).millisecondsSinceEpoch
                streams += try Self.fetch(db, Stretch.suspendedBefore, [left, limit - streams.count])
            }
            return streams
        }
    }

    /// Sealed streams, those first that were not read for longest: one page, beyond a place.
    func leastUsed(after position: UsePosition? = nil, limit: Int) throws(CacheError) -> [IndexedStream] {
        try self.read { db in
            guard let position else { return try Self.fetch(db, Stretch.leastUsed, [limit]) }
            let time = position.usedAt.millisecondsSinceEpoch
            return try Self.fetch(db, Stretch.leastUsedAfter, [time, time, position.id.rawValue, limit])
        }
    }

    private static func fetch(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [IndexedStream]
    {
        let statement = try db.cachedStatement(sql: "SELECT \(IndexedStream.columns) FROM stream \(rest)")
        return try Row.fetchAll(statement, arguments: arguments).map(IndexedStream.init(row:))
    }
}
