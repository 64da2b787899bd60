public import CacheProtocol
import FileStorage
import GRDB

extension StreamIndex {
    /// The rows that a query wants.
    ///
    /// - Parameter query: Which rows; give a limit where there may be many.
    /// - Returns: The rows in the query's order.
    /// - Throws: ``/CacheProtocol/CacheError``.
    public func streams(_ query: StreamIndexQuery = StreamIndexQuery()) throws(CacheError) -> [IndexedStream] {
        let (conditions, arguments) = query.conditions
        return try self.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT \(IndexedStream.columns) FROM stream\(conditions)\(query.tail)"
            )
            let rows = try Row.fetchCursor(statement, arguments: arguments)
            var streams: [IndexedStream] = []
            while let row = try rows.next() { streams.append(try IndexedStream(row: row)) }
            return streams
        }
    }

    /// One stream's row.
    ///
    /// - Parameter id: The stream's name.
    /// - Returns: The row, or `nil` where there is none.
    /// - Throws: ``/CacheProtocol/CacheError``.
    public func stream(_ id: StreamID) throws(CacheError) -> IndexedStream? {
        try self.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT \(IndexedStream.columns) FROM stream WHERE id = ?"
            )
            return try Row.fetchOne(statement, arguments: [id.rawValue]).map(IndexedStream.init(row:))
        }
    }

    /// How many streams there are, and how many bytes they have together.
    public struct Totals: Hashable, Sendable {
        /// Rows.
        public var count: Int64
        /// The sum of their sizes.
        public var bytes: Int64

        /// Makes totals.
        ///
        /// - Parameters:
        ///   - count: Rows.
        ///   - bytes: The sum of their sizes.
        public init(count: Int64 = 0, bytes: Int64 = 0) {
            self.count = count
            self.bytes = bytes
        }

        /// Adds others; what does not fit is the largest number there is.
        ///
        /// - Parameter other: What to add.
        public mutating func add(_ other: Totals) {
            self.count = self.count.addingClamped(other.count)
            self.bytes = self.bytes.addingClamped(other.bytes)
        }
    }

    /// Count and bytes by state. For the whole index this looks at one small index only.
    ///
    /// - Parameter query: Which rows; its order and limit don't matter.
    /// - Returns: The totals of those states that there are.
    /// - Throws: ``/CacheProtocol/CacheError``.
    public func totals(
        _ query: StreamIndexQuery = StreamIndexQuery()
    ) throws(CacheError) -> [IndexedStream.State: Totals] {
        let (conditions, arguments) = query.conditions
        return try self.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT state, count(*), sum(size) FROM stream\(conditions) GROUP BY state",
                arguments: arguments
            )
            var totals: [IndexedStream.State: Totals] = [:]
            for row in rows {
                guard let state = (row.value(0) as String?).flatMap(IndexedStream.State.init(rawValue:)) else {
                    continue
                }
                totals[state] = Totals(count: row.value(1) ?? 0, bytes: row.value(2) ?? 0)
            }
            return totals
        }
    }

    /// What a histogram is about.
    public enum Measure: Hashable, Sendable {
        /// Bytes.
        case size
        /// Milliseconds from the stream's start to the given moment.
        case age(at: Timestamp)
        /// Milliseconds from the stream's last reading, or its sealing where it was never read, to the given moment.
        /// Streams that are not sealed are not counted.
        case idle(at: Timestamp)
    }

    /// Counts rows by how large or how old they are.
    ///
    /// - Parameters:
    ///   - measure: What is looked at.
    ///   - bounds: The upper bounds of the classes, ascending, each itself left out; the last class is open.
    ///   - query: Which rows; its order and limit don't matter.
    /// - Returns: One more class than there are bounds.
    /// - Throws: ``/CacheProtocol/CacheError``.
    public func histogram(
        of measure: Measure,
        bounds: [Int64],
        _ query: StreamIndexQuery = StreamIndexQuery()
    ) throws(CacheError) -> [Totals] {
        let value: String
        switch measure {
        case .size: value = "size"
        case .age(let moment): value = "\(moment.millisecondsSinceEpoch) - created"
        case .idle(let moment):
            value = "CASE WHEN state = 'sealed' THEN \(moment.millisecondsSinceEpoch) - coalesce(last_read, sealed) END"
        }
        let classes = bounds.enumerated().map { "WHEN value < \($1) THEN \($0)" }.joined(separator: " ")
        let number = bounds.isEmpty ? "0" : "CASE \(classes) ELSE \(bounds.count) END"
        let (conditions, arguments) = query.conditions
        return try self.read { db in
            var histogram = [Totals](repeating: Totals(), count: bounds.count + 1)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(number) AS number, count(*), sum(size)
                    FROM (SELECT \(value) AS value, size FROM stream\(conditions))
                    WHERE value IS NOT NULL GROUP BY number
                    """,
                arguments: arguments
            )
            for row in rows {
                guard let number = row.value(0) as Int?, histogram.indices.contains(number) else { continue }
                histogram[number] = Totals(count: row.value(1) ?? 0, bytes: row.value(2) ?? 0)
            }
            return histogram
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(CacheError) -> Value {
        try Self.translating(self.path) { try self.database.read(body) }
    }
}
