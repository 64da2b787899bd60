public import CacheProtocol
import GRDB

/// Which rows are wanted, in which order. Conditions are joined by "and"; `nil` means no condition.
public struct StreamIndexQuery: Hashable, Sendable {
    /// What rows are ordered by; equal ones by id.
    public enum Order: String, Hashable, Sendable, CaseIterable {
        case id, state, size, contentType, created, sealed, lastRead, expires, lastVerified

        var column: String {
            switch self {
            case .id: "id"
            case .state: "state"
            case .size: "size"
            case .contentType: "content_type"
            case .created: "created"
            case .sealed: "sealed"
            case .lastRead: "last_read"
            case .expires: "expires"
            case .lastVerified: "last_verified"
            }
        }
    }

    /// The id begins with this.
    public var prefix: String?
    /// The row says one of these.
    public var states: Set<IndexedStream.State>?
    /// The stream was started at this moment or later.
    public var createdAfter: Timestamp?
    /// The stream was started before this moment.
    public var createdBefore: Timestamp?
    /// The bytes were not verified at this moment or later.
    public var notVerifiedSince: Timestamp?
    /// The id is greater than this one: goes on after a page in the order of ids.
    public var after: StreamID?
    /// What rows are ordered by.
    public var order = Order.id
    /// Whether the greatest comes first.
    public var isDescending = false
    /// The most rows; `nil` for all of them, which may be a million.
    public var limit: Int?

    /// All rows, in the order of their ids.
    public init() {}

    /// The conditions and what they are about.
    var conditions: (sql: String, arguments: StatementArguments) {
        var terms: [String] = []
        var arguments = StatementArguments()
        func add(_ term: String, _ values: (any DatabaseValueConvertible)?...) {
            terms.append(term)
            arguments += StatementArguments(values)
        }
        if let prefix = self.prefix, !prefix.isEmpty {
            if let end = Self.successor(of: prefix) {
                add("id >= ? AND id < ?", prefix, end)
            } else {
                // Not a beginning that an id can have.
                terms.append("0")
            }
        }
        if let states = self.states {
            let names = states.map(\.rawValue).sorted()
            // The index on states is of use for one state, and for few rows; else the rows are better taken in the
            // order of their ids, which the plus sign makes SQLite do (sqlite.org/optoverview.html).
            let column = names.count > 1 && states.contains(.sealed) ? "+state" : "state"
            terms.append("\(column) IN (\(names.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(names)
        }
        if let moment = self.createdAfter { add("created >= ?", moment.millisecondsSinceEpoch) }
        if let moment = self.createdBefore { add("created < ?", moment.millisecondsSinceEpoch) }
        if let moment = self.notVerifiedSince {
            add("(last_verified IS NULL OR last_verified < ?)", moment.millisecondsSinceEpoch)
        }
        if let id = self.after { add("id > ?", id.rawValue) }
        return (terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND "), arguments)
    }

    /// The first text after all that begin with `prefix`; `nil` where that is not ASCII, as ids are.
    private static func successor(of prefix: String) -> String? {
        var bytes = Array(prefix.utf8)
        guard bytes.allSatisfy({ $0 < 0x7F }), let last = bytes.popLast() else { return nil }
        bytes.append(last + 1)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The end of a statement: order and limit.
    var tail: String {
        let direction = self.isDescending ? " DESC" : ""
        let second = self.order == .id ? "" : ", id\(direction)"
        let limit = self.limit.map { " LIMIT \(max(0, $0))" } ?? ""
        return " ORDER BY \(self.order.column)\(direction)\(second)\(limit)"
    }
}
