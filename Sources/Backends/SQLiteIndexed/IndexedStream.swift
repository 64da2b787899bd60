public import CacheProtocol

/// One row of the index: what is known about a stream, and where its bytes are.
public struct IndexedStream: Hashable, Sendable, Identifiable {
    /// What a row says about its stream.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// A writer is at work; after a crash it was.
        case live
        /// The writer went away; the stream can be gone on with.
        case suspended
        /// Finished.
        case sealed
        /// The row is there, the file is not: somebody removed it by hand, or the disk lost it. The gateway lists such
        /// a stream no longer; the row is kept so that the loss is seen, until the stream is removed or written again.
        case missing
    }

    /// What came of comparing a stream's bytes with its row.
    public enum Verification: String, Hashable, Sendable, CaseIterable {
        /// Size and digest are as the row says.
        case good = "ok"
        /// There is no file.
        case missingFile = "missing_file"
        /// The file is longer or shorter.
        case sizeDiffers = "size_differs"
        /// The bytes are others.
        case digestDiffers = "digest_differs"
        /// The file could not be read.
        case unreadable
    }

    /// The stream's name.
    public var id: StreamID
    /// The name of the file inside the cache directory.
    public var file: String
    /// What the row says about the stream.
    public var state: State
    /// Bytes. For a live stream those at its start or last resumption: the index is not written while bytes come.
    public var size: Int64
    /// The declared media type.
    public var contentType: String?
    /// The digest of a sealed stream, where digests are on.
    public var sha256: SHA256Value?
    /// When the stream was started.
    public var createdAt: Timestamp
    /// When the stream was sealed.
    public var sealedAt: Timestamp?
    /// When the stream was last read, a few seconds late.
    public var lastReadAt: Timestamp?
    /// When the stream's own time is over: ``sealedAt`` and ``timeToLiveSeconds``. The configuration's default is not
    /// in it.
    public var expiresAt: Timestamp?
    /// How long the stream is kept once sealed, in seconds, where its writer said so.
    public var timeToLiveSeconds: Int64?
    /// The writer's labels.
    public var metadata: [String: String]
    /// Against what a sealed stream is safe.
    public var durability: Durability?
    /// When ``state`` changed last.
    public var changedAt: Timestamp
    /// When the bytes were last compared with the row.
    public var lastVerifiedAt: Timestamp?
    /// What came of that.
    public var verification: Verification?

    /// Makes the row of a stream.
    ///
    /// - Parameters:
    ///   - info: The facts. ``/CacheProtocol/StreamState/removed`` becomes ``State/missing``.
    ///   - file: The name of the file inside the cache directory.
    ///   - changedAt: When the state changed last.
    public init(_ info: StreamInfo, file: String, changedAt: Timestamp) {
        self.id = info.id
        self.file = file
        self.state =
            switch info.state {
            case .live: .live
            case .suspended: .suspended
            case .sealed: .sealed
            case .removed: .missing
            }
        self.size = info.size
        self.contentType = info.contentType
        self.sha256 = info.sha256
        self.createdAt = info.createdAt
        self.sealedAt = info.sealedAt
        self.lastReadAt = info.lastReadAt
        self.expiresAt = info.expiresAt
        self.timeToLiveSeconds = info.timeToLiveSeconds
        self.metadata = info.metadata
        self.durability = info.durability
        self.changedAt = changedAt
    }

    /// The facts in the contract's words. A live row is given as suspended, because only the process that writes the
    /// stream knows whether it still does.
    public var info: StreamInfo {
        let state: StreamState =
            switch self.state {
            case .live, .suspended: .suspended
            case .sealed: .sealed
            case .missing: .removed
            }
        var info = StreamInfo(id: self.id, state: state, size: self.size, createdAt: self.createdAt)
        info.contentType = self.contentType
        info.sha256 = self.sha256
        info.sealedAt = self.sealedAt
        info.lastReadAt = self.lastReadAt
        info.timeToLiveSeconds = self.timeToLiveSeconds
        info.metadata = self.metadata
        info.durability = self.durability
        return info
    }
}
