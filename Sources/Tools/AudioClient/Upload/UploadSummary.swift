/// What an upload came to.
public struct UploadSummary: Hashable, Sendable {
    /// The stream's name.
    public var streamID: String
    /// How long the stream is.
    public var size: Int64
    /// How many bytes a frame had.
    public var chunkSize: Int
    /// From START to STOPPED: without the first connection's set-up, and with that of others that took its place.
    public var duration: Duration
    /// What the server says the stream's SHA-256 is, where it says so.
    public var sha256: String?
    /// How often the upload went on over a new connection.
    public var resumptions: Int
    /// Whether the server is one of ours.
    public var isOurGateway: Bool
}
