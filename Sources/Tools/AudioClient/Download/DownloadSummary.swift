/// What a download came to.
public struct DownloadSummary: Hashable, Sendable {
    /// The stream's name.
    public var streamID: String
    /// Where the download began in the stream.
    public var offset: Int64 = 0
    /// How many bytes there are, up to where the download ended in the stream.
    public var size: Int64
    /// From the first question to the last byte.
    public var duration: Duration
    /// What the server says the stream's SHA-256 is, where it says so.
    public var sha256: String?
    /// What the stream was doing when the download began (`live`, `suspended`, `sealed`), where the server says so.
    public var state: String?
    /// How often the download went on over a new connection.
    public var resumptions: Int
    /// Whether the server is one of ours.
    public var isOurGateway: Bool
}
