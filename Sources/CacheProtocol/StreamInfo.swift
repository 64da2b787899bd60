/// The facts about a stream that a backend keeps beside its bytes.
public struct StreamInfo: Hashable, Sendable {
    /// The stream's name.
    public var id: StreamID
    /// What the stream is doing.
    public var state: StreamState
    /// Readable bytes.
    public var size: Int64
    /// The media type that the writer declared, such as `audio/mpeg` (RFC 9110, 8.3), or `nil`.
    public var contentType: String?
    /// The digest of the whole stream; `nil` until it is sealed, and where digests are off.
    public var sha256: SHA256Value?
    /// When the stream was started.
    public var createdAt: Timestamp
    /// When the stream was sealed.
    public var sealedAt: Timestamp?
    /// When the stream was last read, as far as the backend keeps that; it may lag by the time of one batch.
    public var lastReadAt: Timestamp?
    /// How long the stream is kept after it was sealed, in seconds; `nil` where it is kept until evicted or removed.
    public var timeToLiveSeconds: Int64?
    /// The writer's own labels.
    public var metadata: [String: String]
    /// What acknowledging the stream's end meant: against what its bytes are safe.
    public var durability: Durability?
    /// Which tiers have the whole of the sealed stream, the hot one first, for a backend that has several; else empty.
    public var copies: [StorageTier] = []

    /// Makes the record of a new stream.
    ///
    /// - Parameters:
    ///   - id: The stream's name.
    ///   - state: What the stream is doing.
    ///   - size: Readable bytes.
    ///   - createdAt: When the stream was started.
    public init(id: StreamID, state: StreamState, size: Int64, createdAt: Timestamp) {
        self.id = id
        self.state = state
        self.size = size
        self.createdAt = createdAt
        self.metadata = [:]
    }

    /// When the stream's time is over, or `nil` where it has no end or has not been sealed.
    public var expiresAt: Timestamp? {
        guard let sealedAt = self.sealedAt, let seconds = self.timeToLiveSeconds else { return nil }
        return sealedAt.advanced(bySeconds: seconds)
    }
}

/// A tier of a backend that has several.
public enum StorageTier: String, Hashable, Sendable, CaseIterable {
    /// The fast one, of this gateway alone.
    case hot
    /// The durable one, which others may share.
    case cold
}

/// Against what an acknowledged stream is safe.
public enum Durability: String, Hashable, Sendable, CaseIterable {
    /// Nothing: the stream lives in this process's memory.
    case memory
    /// The process being killed: the bytes are in the operating system's hands.
    case process
    /// The machine losing power: file, directory and index were flushed to the device before the acknowledgement.
    case power
    /// The machine being lost: a store beyond it has the bytes, and their digest was compared there.
    case tier
}
