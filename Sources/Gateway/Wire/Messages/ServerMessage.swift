/// A control message of a server.
///
/// `type` is the only member that every message has; ``message`` is always written and may be missing in what other
/// servers send. Everything after that belongs to one type or another, and to the extension: a peer that speaks the
/// base protocol never sees it.
public struct ServerMessage: Hashable, Sendable {
    /// What kind of message this is.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The greeting.
        case connected = "CONNECTED"
        /// An upload may begin.
        case started = "STARTED"
        /// An upload is sealed.
        case stopped = "STOPPED"
        /// An upload was dropped.
        case aborted = "ABORTED"
        /// How far an upload is stored.
        case ack = "ACK"
        /// A subscription began.
        case subscribed = "SUBSCRIBED"
        /// A subscription was ended by the client.
        case unsubscribed = "UNSUBSCRIBED"
        /// A subscription has delivered everything.
        case end = "END"
        /// What is known about a stream.
        case info = "INFO"
        /// A page of streams.
        case list = "LIST"
        /// A stream was removed.
        case deleted = "DELETED"
        /// The server works.
        case pong = "PONG"
        /// Something went wrong; the connection stays open.
        case error = "ERROR"
    }

    /// What kind of message this is.
    public var kind: Kind
    /// The stream that it is about.
    public var streamID: String?
    /// A sentence for people.
    public var message: String
    /// The mark of the request that this answers.
    public var requestID: RequestID?
    /// In ERROR: the kind of error.
    public var code: ErrorCode?
    /// In ERROR: whether the same request may succeed later.
    public var isRetryable: Bool?
    /// In ERROR: how long to wait before that, in milliseconds.
    public var retryAfterMilliseconds: Int64?
    /// In STARTED, ACK and SUBSCRIBED: a place in the stream, in bytes.
    public var offset: Int64?
    /// In ACK: the bytes that are safe against what the configuration's durability says.
    public var durableOffset: Int64?
    /// In STARTED: which writer of the stream this is.
    public var epoch: Int64?
    /// How many bytes the stream has.
    public var size: Int64?
    /// The stream's state: `live`, `suspended` or `sealed`.
    public var state: String?
    /// The stream's SHA-256, in hexadecimal digits.
    public var sha256: String?
    /// Against what the sealed stream is safe.
    public var durability: String?
    /// In INFO: everything known about the stream. State, size, digest and durability are in it, then, not beside it.
    public var info: StreamDescription?
    /// In LIST: the streams of the page.
    public var streams: [StreamDescription]?
    /// In LIST: what to send as `after` for the next page.
    public var next: String?
    /// In PONG and CONNECTED: the server and its version.
    public var server: String?
    /// In PONG: the kind of backend.
    public var backend: String?

    /// Makes a message with the members of the base protocol.
    ///
    /// - Parameters:
    ///   - kind: What kind of message this is.
    ///   - streamID: The stream that it is about.
    ///   - message: A sentence for people.
    ///   - requestID: The mark of the request that this answers.
    public init(_ kind: Kind, streamID: String? = nil, message: String, requestID: RequestID? = nil) {
        self.kind = kind
        self.streamID = streamID
        self.message = message
        self.requestID = requestID
    }

    /// Makes an ERROR.
    ///
    /// - Parameters:
    ///   - code: The kind of error.
    ///   - message: What happened and what to do about it.
    ///   - streamID: The stream concerned.
    ///   - requestID: The mark of the request that this answers.
    ///   - isRetryable: Whether the same request may succeed later; written only where it is `true`.
    /// - Returns: The message.
    public static func error(
        _ code: ErrorCode,
        _ message: String,
        streamID: String? = nil,
        requestID: RequestID? = nil,
        isRetryable: Bool = false
    ) -> ServerMessage {
        var error = ServerMessage(.error, streamID: streamID, message: message, requestID: requestID)
        error.code = code
        error.isRetryable = isRetryable ? true : nil
        return error
    }
}

/// What INFO and LIST tell about a stream.
public struct StreamDescription: Hashable, Sendable, Decodable {
    /// The stream's name.
    public var streamID: String
    /// `live`, `suspended` or `sealed`.
    public var state: String
    /// Readable bytes.
    public var size: Int64
    /// The media type.
    public var contentType: String?
    /// The SHA-256 in hexadecimal digits, once sealed.
    public var sha256: String?
    /// When the stream was started, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64?
    /// When the stream was sealed, likewise.
    public var sealedAt: Int64?
    /// When the stream was last read, likewise.
    public var lastReadAt: Int64?
    /// When the stream's time is over, likewise.
    public var expiresAt: Int64?
    /// How long it is kept after sealing, in seconds.
    public var timeToLiveSeconds: Int64?
    /// The writer's labels.
    public var metadata: [String: String]?
    /// Against what the sealed stream is safe.
    public var durability: String?
    /// How many have the stream open for reading on the gateway that tells; gateways of old don't.
    public var readers: Int64?
    /// Which tiers have the whole of the sealed stream: `hot`, `cold` or both, of a gateway that has tiers.
    public var copies: [String]?

    /// Makes a description.
    ///
    /// - Parameters:
    ///   - streamID: The stream's name.
    ///   - state: `live`, `suspended` or `sealed`.
    ///   - size: Readable bytes.
    public init(streamID: String, state: String, size: Int64) {
        self.streamID = streamID
        self.state = state
        self.size = size
    }

    private enum CodingKeys: String, CodingKey {
        case streamID = "streamId"
        case timeToLiveSeconds = "ttlSeconds"
        case state, size, contentType, sha256, createdAt, sealedAt, lastReadAt, expiresAt, metadata, durability
        case readers, copies
    }
}
