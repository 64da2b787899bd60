import Wire

/// What an upload is to be, beyond its bytes. Needs a server of ours, but for the content type, which others do not learn.
public struct UploadOptions: Hashable, Sendable {
    /// The media type of the bytes.
    public var contentType: String?
    /// How long to keep the stream once it is sealed, in seconds.
    public var timeToLiveSeconds: Int64?
    /// Labels.
    public var metadata: [String: String] = [:]
    /// Whether a stream that has the name already is removed first.
    public var overwrites = false
    /// Whether to go on with a stream that has the name already, and that nobody has sealed.
    public var resumes = false

    /// Nothing but the bytes.
    public init() {}

    /// Whether a server that speaks the base protocol only can't do it.
    var needsOurGateway: Bool {
        self.timeToLiveSeconds != nil || !self.metadata.isEmpty || self.overwrites || self.resumes
    }

    /// The START of one connection's part of an upload.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - size: How many bytes it will have, where that is known.
    ///   - acknowledgementInterval: After how many stored bytes the server is to tell so.
    ///   - isGoingOn: Whether a connection before this one has begun the stream, so that it is neither to be removed nor
    ///     refused.
    /// - Returns: The message, for servers of ours.
    func start(
        _ streamID: String,
        size: Int64?,
        acknowledgementInterval: Int64?,
        isGoingOn: Bool
    ) -> ClientMessage.Start {
        var start = ClientMessage.Start(streamID: streamID)
        start.resume = self.resumes || isGoingOn
        start.overwrite = self.overwrites && !isGoingOn
        start.size = size
        start.contentType = self.contentType
        start.timeToLiveSeconds = self.timeToLiveSeconds
        start.metadata = self.metadata.isEmpty ? nil : self.metadata
        start.ackEvery = acknowledgementInterval
        return start
    }
}
