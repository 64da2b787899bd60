/// What a client asks, with what it marks the question by.
public struct ClientRequest: Hashable, Sendable {
    /// Echoed in every answer, errors included.
    public var requestID: RequestID?
    /// The question.
    public var message: ClientMessage

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - message: The question.
    ///   - requestID: What to mark it by.
    public init(_ message: ClientMessage, requestID: RequestID? = nil) {
        self.message = message
        self.requestID = requestID
    }
}

/// The control messages of a client. Stream ids are as the peer wrote them; whoever acts on one checks it first.
public enum ClientMessage: Hashable, Sendable {
    /// Begin, or go on with, an upload.
    case start(Start)
    /// Seal the upload. Without `streamID` it means the connection's open stream.
    case stop(streamID: String?, sha256: String?)
    /// Drop the upload and its bytes. Without `streamID` it means the connection's open stream.
    case abort(streamID: String?)
    /// Read a range.
    case get(Get)
    /// Read from `offset` on, and go on as the stream grows. A negative offset counts from the end.
    case subscribe(streamID: String, offset: Int64)
    /// Stop that.
    case unsubscribe(streamID: String)
    /// Tell about a stream.
    case info(streamID: String)
    /// List streams.
    case list(List)
    /// Remove a stream.
    case delete(streamID: String)
    /// Tell that the server works, which version it has and over which backend.
    case ping

    /// The fields of START.
    public struct Start: Hashable, Sendable {
        /// The stream to write.
        public var streamID: String
        /// Go on where a writer stopped, or start.
        public var resume = false
        /// Remove a stream of this name first.
        public var overwrite = false
        /// The media type of the bytes.
        public var contentType: String?
        /// How many bytes will come in all.
        public var size: Int64?
        /// How long to keep the sealed stream, in seconds.
        public var timeToLiveSeconds: Int64?
        /// The writer's labels.
        public var metadata: [String: String]?
        /// After how many stored bytes to send an ACK.
        public var ackEvery: Int64?

        /// The base message: a stream and nothing else.
        ///
        /// - Parameter streamID: The stream to write.
        public init(streamID: String) { self.streamID = streamID }

        /// Whether any field is beyond the base protocol, so that the answer may be too.
        public var usesExtension: Bool {
            self.resume || self.overwrite || self.contentType != nil || self.size != nil
                || self.timeToLiveSeconds != nil || self.metadata != nil || self.ackEvery != nil
        }
    }

    /// The fields of GET.
    public struct Get: Hashable, Sendable {
        /// The stream to read.
        public var streamID: String
        /// Where to begin; negative counts from the end.
        public var offset: Int64
        /// The most bytes to send, more than 0.
        public var length: Int64
        /// How long to wait at the live end for at least one byte, in milliseconds.
        public var waitMilliseconds: Int64?

        /// Asks for a range.
        ///
        /// - Parameters:
        ///   - streamID: The stream to read.
        ///   - offset: Where to begin.
        ///   - length: The most bytes to send.
        ///   - waitMilliseconds: How long to wait at the live end.
        public init(streamID: String, offset: Int64, length: Int64, waitMilliseconds: Int64? = nil) {
            self.streamID = streamID
            self.offset = offset
            self.length = length
            self.waitMilliseconds = waitMilliseconds
        }
    }

    /// The fields of LIST.
    public struct List: Hashable, Sendable {
        /// How the ids begin.
        public var prefix: String?
        /// The state of the streams.
        public var state: String?
        /// The most streams in the page.
        public var limit: Int64?
        /// The last id of the page before.
        public var after: String?

        /// Asks for the first page of everything.
        public init() {}
    }
}
