import Wire

/// What following a stream to its end came to.
public struct TailSummary: Hashable, Sendable {
    /// The stream's name.
    public var streamID: String
    /// Where the result begins in the stream.
    public var offset: Int64
    /// How many bytes the stream has.
    public var size: Int64
    /// How many bytes were written.
    public var written: Int64
    /// What the server says the stream's SHA-256 is, where it says so.
    public var sha256: String?
    /// Whether what was written was found to have that.
    public var isVerified: Bool
    /// How often it went on over a new connection.
    public var resumptions: Int
    /// From the first question to the end.
    public var duration: Duration
}

/// Follows a stream as it grows, up to its end: SUBSCRIBE and what comes of it. Gets over a connection that breaks and a
/// gateway that is started again.
public struct TailManager: Sendable {
    private let client: WebSocketClient

    /// Makes a manager.
    ///
    /// - Parameter client: What opens the connections.
    public init(client: WebSocketClient) { self.client = client }

    /// Follows a stream.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - start: Where to begin.
    ///   - sink: Where the bytes go.
    /// - Returns: The sink as it was left, and what it came to.
    /// - Throws: ``ClientError``; with code `badData` where the size, or from byte 0 on the digest, is not the server's.
    public func tail<Base: ChunkSink>(
        _ streamID: String,
        from start: TailStart = .offset(0),
        into sink: Base
    ) async throws(ClientError) -> (sink: Base, summary: TailSummary) {
        let (sink, summary) = try await self.run(TailPlan(streamID, from: start), streamID, DigestedSink(sink))
        return (sink.base, summary)
    }

    /// Follows a stream, going on with what a file has of it.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - file: The file, which has nothing but the stream's bytes from its beginning on.
    /// - Returns: What it came to.
    /// - Throws: ``ClientError``.
    public func tail(_ streamID: String, goingOnWith file: GrowingFile) async throws(ClientError) -> TailSummary {
        let sink = try await DigestedSink.goingOn(with: file)
        return try await self.run(TailPlan(streamID, written: file.size), streamID, sink).1
    }

    private func run<Base: ChunkSink>(
        _ plan: TailPlan,
        _ streamID: String,
        _ sink: DigestedSink<Base>
    ) async throws(ClientError) -> (DigestedSink<Base>, TailSummary) {
        let name = "following stream \(streamID)"
        let clock = ContinuousClock.now
        let before = plan.position
        var (plan, sink) = (plan, sink)
        var perseverance = Perseverance(self.client.configuration.backoff)
        while true {
            let connection = try await self.client.connect()
            let position = plan.position
            do throws(ClientError) {
                try connection.requireOurGateway(for: "live tail")
                let result = try await connection.tail(streamID, plan, into: sink, self.client.observer)
                (plan, sink) = (result.plan, result.sink)
                if let error = result.error { throw error }
                await connection.close()
                let offset = plan.begin ?? 0
                let end = plan.position ?? offset
                return (
                    sink,
                    TailSummary(
                        streamID: streamID,
                        offset: offset,
                        size: end,
                        written: end - (before ?? offset),
                        sha256: result.end?.sha256,
                        isVerified: try Self.verify(streamID, sink, from: offset, result.end?.sha256),
                        resumptions: perseverance.resumptions,
                        duration: ContinuousClock.now - clock
                    )
                )
            } catch {
                await connection.close()
                try await perseverance.wait(after: error, hasProgressed: plan.position != position, while: name) {
                    self.client.tell(.resuming(offset: plan.position ?? 0, after: error))
                }
            }
        }
    }

    private static func verify<Base>(
        _ streamID: String,
        _ sink: DigestedSink<Base>,
        from offset: Int64,
        _ expected: String?
    ) throws(ClientError) -> Bool {
        guard let expected, offset == 0 else { return false }
        try DownloadManager.verify(streamID, found: sink.sha256, expected: expected)
        return true
    }
}

extension ClientConnection {
    /// One connection's part of following a stream.
    func tail<Sink: ChunkSink>(
        _ streamID: String,
        _ plan: TailPlan,
        into sink: Sink,
        _ observer: @escaping @Sendable (ClientEvent) -> Void
    ) async throws(ClientError) -> TailResult<Sink> {
        let name = "following stream \(streamID)"
        return try await self.perform(name) { promise in
            TailPump(streamID, plan: plan, sink: sink, name: name, observer: observer, promise: promise)
        }
    }
}
