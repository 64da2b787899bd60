/// How a writer wants its stream made.
public struct WriteOptions: Hashable, Sendable {
    /// What to do about a stream that is there already.
    public enum Mode: Hashable, Sendable {
        /// The stream must be new: otherwise `stream_exists`, or `stream_busy` where another writer is at work.
        case create
        /// Go on with a suspended stream, take a live one over from its writer, or start a new one. A sealed stream
        /// is `stream_exists`.
        case resume
        /// A sealed or suspended stream of this name is removed first; a live one is `stream_busy`.
        case overwrite
    }

    /// What to do about a stream that is there already.
    public var mode: Mode
    /// The media type of the bytes (RFC 9110, 8.3), if the writer knows it.
    public var contentType: String?
    /// How many bytes the whole stream will have, if the writer knows it: the backend may reserve room, and refuse
    /// with `storage_full` or `stream_too_large` before the first byte. It is a hint, not a limit.
    public var expectedSize: Int64?
    /// How long to keep the stream after it was sealed, in seconds, more than 0; `nil` for the backend's own rule.
    public var timeToLiveSeconds: Int64?
    /// The writer's own labels.
    public var metadata: [String: String]
    /// The facts of the sealed stream that this one will be a copy of, byte for byte; `nil` for a stream of its own. The
    /// copy is sealed with that stream's times and durability instead of new ones, and only where size and digest are
    /// those of the original. Honoured where ``Capabilities/copies`` says so.
    public var original: StreamInfo?

    /// Makes options.
    ///
    /// - Parameters:
    ///   - mode: What to do about a stream that is there already.
    ///   - contentType: The media type of the bytes.
    ///   - expectedSize: The stream's whole length in bytes, 0 or more.
    ///   - timeToLiveSeconds: How long to keep the sealed stream, more than 0.
    ///   - metadata: The writer's own labels.
    public init(
        mode: Mode = .create,
        contentType: String? = nil,
        expectedSize: Int64? = nil,
        timeToLiveSeconds: Int64? = nil,
        metadata: [String: String] = [:]
    ) {
        self.mode = mode
        self.contentType = contentType
        self.expectedSize = expectedSize
        self.timeToLiveSeconds = timeToLiveSeconds
        self.metadata = metadata
    }
}

extension WriteOptions {
    /// Options that make a copy of a sealed stream of another backend.
    ///
    /// - Parameters:
    ///   - original: The stream's facts.
    ///   - mode: What to do about a stream that is there already.
    public init(copying original: StreamInfo, mode: Mode = .create) {
        self.init(
            mode: mode,
            contentType: original.contentType,
            expectedSize: original.size,
            timeToLiveSeconds: original.timeToLiveSeconds,
            metadata: original.metadata
        )
        self.original = original
    }
}
