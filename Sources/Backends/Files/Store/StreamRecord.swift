import CacheProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A stream's facts as they are kept beside its bytes, in the extended attribute `user.audiocache` (xattr(7)) of its
/// file, as JSON: they move with the file when it is renamed, and need no index.
///
/// They are written before the file is renamed, so an unfinished file may carry the facts of a sealing that did not come
/// about: the name decides.
struct StreamRecord: Codable, Hashable {
    static let attribute = "user.audiocache"
    /// When the stream was last read, in milliseconds since 1970, as decimal digits. On its own, since it changes often.
    static let readAttribute = "user.audiocache.read"

    var version = 1
    var createdAt: Int64
    var sealedAt: Int64?
    /// How long the stream was when it was sealed.
    var size: Int64?
    var contentType: String?
    var sha256: String?
    var timeToLiveSeconds: Int64?
    var metadata: [String: String]?
    var durability: String?
    /// Why the stream must not be sealed any more.
    var damage: String?

    init(_ info: StreamInfo) {
        self.createdAt = info.createdAt.millisecondsSinceEpoch
        self.sealedAt = info.sealedAt?.millisecondsSinceEpoch
        self.size = info.state == .sealed ? info.size : nil
        self.contentType = info.contentType
        self.sha256 = info.sha256?.description
        self.timeToLiveSeconds = info.timeToLiveSeconds
        self.metadata = info.metadata.isEmpty ? nil : info.metadata
        self.durability = info.durability?.rawValue
    }

    /// Fills in what the file itself does not tell.
    func complete(_ info: inout StreamInfo) {
        info.createdAt = Timestamp(millisecondsSinceEpoch: self.createdAt)
        info.contentType = self.contentType
        info.timeToLiveSeconds = self.timeToLiveSeconds
        info.metadata = self.metadata ?? [:]
        guard info.state == .sealed else { return }
        info.sealedAt = self.sealedAt.map(Timestamp.init(millisecondsSinceEpoch:))
        info.sha256 = self.sha256.flatMap(SHA256Value.init(hexadecimal:))
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
