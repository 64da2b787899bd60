import CacheProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A stream's facts as they are kept beside its bytes, in the extended attribute `user.audiocache` (xattr(7)) of its
/// file, as JSON: they move with the file when it is renamed, and need no index.
struct StreamRecord: Codable, Hashable {
    static let attribute = "user.audiocache"

    var version = 1
    var createdAt: Int64
    var sealedAt: Int64?
    var contentType: String?
    var sha256: String?
    var timeToLiveSeconds: Int64?
    var metadata: [String: String]?
    var durability: String?

    init(_ info: StreamInfo) {
        self.createdAt = info.createdAt.millisecondsSinceEpoch
        self.sealedAt = info.sealedAt?.millisecondsSinceEpoch
        self.contentType = info.contentType
        self.sha256 = info.sha256?.description
        self.timeToLiveSeconds = info.timeToLiveSeconds
        self.metadata = info.metadata.isEmpty ? nil : info.metadata
        self.durability = info.durability?.rawValue
    }

    /// Fills in what the file itself does not tell.
    func complete(_ info: inout StreamInfo) {
        info.createdAt = Timestamp(millisecondsSinceEpoch: self.createdAt)
        info.sealedAt = self.sealedAt.map(Timestamp.init(millisecondsSinceEpoch:))
        info.contentType = self.contentType
        info.sha256 = self.sha256.flatMap(SHA256Value.init(hexadecimal:))
        info.timeToLiveSeconds = self.timeToLiveSeconds
        info.metadata = self.metadata ?? [:]
        info.durability = self.durability.flatMap(Durability.init(rawValue:))
    }

    init?(bytes: [UInt8]) {
        guard let record = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        self = record
    }

    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map(Array.init) ?? []
    }
}
