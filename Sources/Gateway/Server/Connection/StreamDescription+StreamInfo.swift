import CacheProtocol
import Wire

extension StreamDescription {
    /// What the wire tells of what the backend knows.
    init(_ info: StreamInfo) {
        self.init(streamID: info.id.rawValue, state: info.state.rawValue, size: info.size)
        self.contentType = info.contentType
        self.sha256 = info.sha256?.description
        self.createdAt = info.createdAt.millisecondsSinceEpoch
        self.sealedAt = info.sealedAt?.millisecondsSinceEpoch
        self.lastReadAt = info.lastReadAt?.millisecondsSinceEpoch
        self.expiresAt = info.expiresAt?.millisecondsSinceEpoch
        self.timeToLiveSeconds = info.timeToLiveSeconds
        // Whose a stream is, is not for every reader to know.
        let labels = info.metadata.filter { $0.key != StreamOwners.label }
        self.metadata = labels.isEmpty ? nil : labels
        self.durability = info.durability?.rawValue
    }
}
