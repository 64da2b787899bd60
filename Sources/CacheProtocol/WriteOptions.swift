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
