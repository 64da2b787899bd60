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

    /// Reads a row of ``columns``.
    init(row: Row) throws {
        guard
            let id = (row[0] as String?).flatMap({ StreamID(validating: $0) }),
            let state = (row[2] as String?).flatMap(State.init(rawValue:)),
            let size = row[3] as Int64?, size >= 0
        else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row that no gateway wrote: \(row)")
        }
        func moment(_ index: Int) -> Timestamp? {
            (row[index] as Int64?).map(Timestamp.init(millisecondsSinceEpoch:))
        }
        let created = moment(6) ?? Timestamp(millisecondsSinceEpoch: 0)
        var info = StreamInfo(id: id, state: .suspended, size: size, createdAt: created)
        info.contentType = row[4]
        info.sha256 = (row[5] as Data?).flatMap { SHA256Value(bytes: $0) }
        info.sealedAt = moment(7)
        info.lastReadAt = moment(8)
        info.timeToLiveSeconds = row[10]
        info.metadata = Self.labels(of: row[11])
        info.durability = (row[12] as String?).flatMap(Durability.init(rawValue:))
        self.init(info, file: row[1] ?? "", changedAt: moment(13) ?? created)
        self.state = state
        self.expiresAt = moment(9)
        self.lastVerifiedAt = moment(14)
        self.verification = (row[15] as String?).flatMap(Verification.init(rawValue:))
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
