import CacheProtocol
import FileStorage
import SQLiteBackend

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension CacheFiles {
    /// A stream as its file alone tells it.
    func row(of id: StreamID, _ state: StreamState) throws(SystemCallError) -> IndexedStream {
        let name = Self.name(of: id, state)
        let file = try self.open(name)
        let status = try self.calls.status(of: file)
        let modified = Timestamp(millisecondsSinceEpoch: status.modifiedMilliseconds)
        var info = StreamInfo(id: id, state: state, size: status.size, createdAt: modified)
        if state == .sealed { info.sealedAt = modified }
        if let bytes = try self.calls.attribute(FileRecord.attribute, of: file),
            let record = try? JSONDecoder().decode(FileRecord.self, from: Data(bytes))
        {
            record.complete(&info)
        }
        if let bytes = try self.calls.attribute(FileRecord.readAttribute, of: file) {
            info.lastReadAt = Int64(String(decoding: bytes, as: UTF8.self))
                .map(Timestamp.init(millisecondsSinceEpoch:))
        }
        return IndexedStream(info, file: name, changedAt: info.sealedAt ?? modified)
    }
}

/// What file-based backends keep in an extended attribute of each file, as far as it is shown here.
private struct FileRecord: Decodable {
    static let attribute = "user.audiocache"
    static let readAttribute = "user.audiocache.read"

    var createdAt: Int64
    var sealedAt: Int64?
    /// How long the stream was when it was sealed.
    var size: Int64?
    var contentType: String?
    var sha256: String?
    var timeToLiveSeconds: Int64?
    var metadata: [String: String]?
    var durability: String?

    func complete(_ info: inout StreamInfo) {
        info.createdAt = Timestamp(millisecondsSinceEpoch: self.createdAt)
        info.contentType = self.contentType
        info.timeToLiveSeconds = self.timeToLiveSeconds
        info.metadata = self.metadata ?? [:]
        // An unfinished file may carry the facts of a sealing that did not come about: the name decides.
        guard info.state == .sealed else { return }
        info.size = self.size ?? info.size
        info.sealedAt = self.sealedAt.map(Timestamp.init(millisecondsSinceEpoch:)) ?? info.sealedAt
        info.sha256 = self.sha256.flatMap(SHA256Value.init(hexadecimal:))
        info.durability = self.durability.flatMap(Durability.init(rawValue:))
    }
}
