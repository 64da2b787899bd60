/// How the client works. The defaults are those of the original system.
public struct ClientConfiguration: Hashable, Sendable {
    /// Where the server is looked for when nobody says.
    public static let defaultURL = "ws://localhost:8080/audio"
    /// The original system's chunk: 64 KiB.
    public static let defaultChunkSize = 65_536
    /// What is tried with a server that does not take the original chunk.
    public static let smallChunkSize = 16_384
    /// The chunks that can be asked for, in bytes.
    public static let chunkSizes = 1...(8 << 20)

    /// How many bytes a binary frame, or the answer to a GET, has at most.
    public var chunkSize = Self.defaultChunkSize
    /// Whether ``chunkSize`` was somebody's wish, so that no other is tried.
    public var isChunkSizeFixed = false
    /// How long opening the TCP connection may take.
    public var connectTimeout = Duration.milliseconds(5_000)
    /// How long the opening handshake may take after that.
    public var handshakeTimeout = Duration.seconds(5)
    /// How long the server may be silent when it is its turn, or take nothing that is sent.
    public var answerTimeout = Duration.seconds(10)
    /// What to do when a connection fails.
    public var backoff = Backoff()
    /// How many GETs are under way at once with a server that is known to answer them in order.
    public var pipelineDepth = 32

    /// A file with the certificates of the authorities that are trusted, in PEM; `nil` for those of the system.
    public var certificateAuthorities: String?
    /// What a gateway with tokens is shown; `nil` for nothing.
    public var token: BearerToken?

    /// The defaults.
    public init() {}

    /// Checks the values against each other and their ranges.
    ///
    /// - Throws: ``ClientError`` with code `configuration` that names the value and what it may be.
    public func validate() throws(ClientError) {
        try Self.check("The chunk size", self.chunkSize, in: Self.chunkSizes, unit: "bytes")
        try Self.check("The number of retries", self.backoff.maximumRetries, in: 0...1_000, unit: "")
        try Self.check("The number of GETs under way", self.pipelineDepth, in: 1...1_024, unit: "")
        let timeouts = [
            ("The connect timeout", self.connectTimeout), ("The handshake timeout", self.handshakeTimeout),
            ("The answer timeout", self.answerTimeout),
        ]
        for (name, timeout) in timeouts {
            try Self.check(name, Int(clamping: timeout.inMilliseconds), in: 1...3_600_000, unit: "ms")
        }
    }

    private static func check(
        _ name: String,
        _ value: Int,
        in range: ClosedRange<Int>,
        unit: String
    ) throws(ClientError) {
        guard range.contains(value) else {
            let unit = unit.isEmpty ? "" : " \(unit)"
            throw ClientError(
                .configuration,
                "\(name) is \(value)\(unit).",
                remedy: "It can be from \(range.lowerBound) to \(range.upperBound)\(unit)."
            )
        }
    }
}
