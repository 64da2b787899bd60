import CacheProtocol
import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension IndexedStream {
    /// The columns, in the order in which rows are read and written.
    static let columns =
        "id, file, state, size, content_type, sha256, created, sealed, last_read, expires, ttl, metadata, durability, "
        + "changed, last_verified, verification"

    /// As many question marks as there are columns.
    static let placeholders = Array(repeating: "?", count: 16).joined(separator: ", ")

    /// The values in the order of ``columns``.
    var arguments: StatementArguments {
        let values: [(any DatabaseValueConvertible)?] = [
            self.id.rawValue,
            self.file,
            self.state.rawValue,
            self.size,
            self.contentType,
            self.sha256.map { Data($0.bytes) },
            self.createdAt.millisecondsSinceEpoch,
            self.sealedAt?.millisecondsSinceEpoch,
            self.lastReadAt?.millisecondsSinceEpoch,
            self.expiresAt?.millisecondsSinceEpoch,
            self.timeToLiveSeconds,
            Self.text(of: self.metadata),
            self.durability?.rawValue,
            self.changedAt.millisecondsSinceEpoch,
            self.lastVerifiedAt?.millisecondsSinceEpoch,
            self.verification?.rawValue,
        ]
        return StatementArguments(values)
    }

    /// The longest stream that a gateway can be configured to take: what is longer, no gateway wrote.
    private static let longest: Int64 = 1 << 50

    /// Reads a row of ``columns``.
    init(row: Row) throws {
        let (id, state, size) = try Self.outline(row, id: 0, state: 2, size: 3)
        func moment(_ index: Int) -> Timestamp? {
            (row.value(index) as Int64?).map(Timestamp.init(millisecondsSinceEpoch:))
        }
        let created = moment(6) ?? Timestamp(millisecondsSinceEpoch: 0)
        var info = StreamInfo(id: id, state: .suspended, size: size, createdAt: created)
        info.contentType = row.value(4)
        info.sha256 = (row.value(5) as Data?).flatMap { SHA256Value(bytes: $0) }
        info.sealedAt = moment(7)
        info.lastReadAt = moment(8)
        info.timeToLiveSeconds = row.value(10)
        info.metadata = Self.labels(of: row.value(11))
        info.durability = (row.value(12) as String?).flatMap(Durability.init(rawValue:))
        self.init(info, file: row.value(1) ?? "", changedAt: moment(13) ?? created)
        self.state = state
        self.expiresAt = moment(9)
        self.lastVerifiedAt = moment(14)
        self.verification = (row.value(15) as String?).flatMap(Verification.init(rawValue:))
    }

    /// What every row has.
    ///
    /// - Throws: `DatabaseError` with code `SQLITE_CORRUPT` where it has something else.
    static func outline(_ row: Row, id: Int, state: Int, size: Int) throws -> (StreamID, State, Int64) {
        guard
            let id = (row.value(id) as String?).flatMap({ StreamID(validating: $0) }),
            let state = (row.value(state) as String?).flatMap(State.init(rawValue:)),
            let size = row.value(size) as Int64?, (0...Self.longest).contains(size)
        else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row that no gateway wrote: \(row)")
        }
        return (id, state, size)
    }

    private static func text(of labels: [String: String]) -> String? {
        guard !labels.isEmpty else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(labels)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func labels(of text: String?) -> [String: String] {
        guard let text else { return [:] }
        return (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
    }
}
