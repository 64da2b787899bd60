import CacheProtocol
import Wire

extension StreamDescription {
    /// What the wire tells of what the backend knows, and of how many readers the gateway has for the stream.
    init(_ info: StreamInfo, _ readers: ReaderCensus) {
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
        self.readers = Int64(readers.count(of: info.id))
        self.copies = info.copies.isEmpty ? nil : info.copies.map(\.rawValue)
    }
}
