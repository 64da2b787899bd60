import CacheProtocol
import SQLiteBackend

/// What `--json` writes of a stream; moments are RFC 3339 in UTC.
struct StreamDocument: Encodable {
    var id: String
    var file: String
    var state: String
    var size: Int64
    var contentType: String?
    var sha256: String?
    var created: String
    var sealed: String?
    var lastRead: String?
    var expires: String?
    var ttlSeconds: Int64?
    var metadata: [String: String]
    var durability: String?
    var lastVerified: String?
    var verification: String?

    init(_ stream: IndexedStream) {
        self.id = stream.id.rawValue
        self.file = stream.file
        self.state = stream.state.rawValue
        self.size = stream.size
        self.contentType = stream.contentType
        self.sha256 = stream.sha256?.description
        self.created = stream.createdAt.text(precise: true)
        self.sealed = stream.sealedAt?.text(precise: true)
        self.lastRead = stream.lastReadAt?.text(precise: true)
        self.expires = stream.expiresAt?.text(precise: true)
        self.ttlSeconds = stream.timeToLiveSeconds
        self.metadata = stream.metadata
        self.durability = stream.durability?.rawValue
        self.lastVerified = stream.lastVerifiedAt?.text(precise: true)
        self.verification = stream.verification?.rawValue
    }

    /// The columns of `--csv`; labels are left to `--json`.
    static let csvTitles = [
        "id", "state", "size", "content_type", "created", "sealed", "last_read", "expires", "ttl_seconds", "sha256",
        "durability", "last_verified", "verification", "file",
    ]

    /// The fields in the order of the titles; what isn't known is empty.
    var csvFields: [String] {
        [
            self.id, self.state, "\(self.size)", self.contentType ?? "", self.created, self.sealed ?? "",
            self.lastRead ?? "", self.expires ?? "", self.ttlSeconds.map { "\($0)" } ?? "", self.sha256 ?? "",
            self.durability ?? "", self.lastVerified ?? "", self.verification ?? "", self.file,
        ]
    }
}
