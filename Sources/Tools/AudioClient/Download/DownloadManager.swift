import Wire

/// Downloads: GET after GET, up to the stream's end. Gets over a connection that breaks.
public struct DownloadManager: Sendable {
    private let client: WebSocketClient

    /// Makes a manager.
    ///
    /// - Parameter client: What opens the connections.
    public init(client: WebSocketClient) { self.client = client }

    /// Downloads a stream from its beginning to its end, as it is when the download begins.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - size: How long it is, where that is known. Servers of ours are asked where it is not.
    ///   - sink: Where the bytes go.
    /// - Returns: The sink as it was left, and what the download came to.
    /// - Throws: ``ClientError``.
    public func download<Sink: ChunkSink>(
        _ streamID: String,
        size: Int64? = nil,
        into sink: Sink
    ) async throws(ClientError) -> (sink: Sink, summary: DownloadSummary) {
        var sink = sink
        var summary = DownloadSummary(
            streamID: streamID,
            size: 0,
            duration: .zero,
            resumptions: 0,
            isOurGateway: false
        )
        var size = size
        let begin = ContinuousClock.now
        while true {
            let connection = try await self.client.connect()
            do throws(ClientError) {
                let error = try await self.run(&summary, &size, into: &sink, over: connection)
                if let error { throw error }
                summary.duration = ContinuousClock.now - begin
                await connection.close()
                return (sink, summary)
            } catch {
                await connection.close()
                try ErrorHandler.throwIfCancelled(while: "downloading stream \(streamID)")
                guard summary.resumptions < self.client.configuration.backoff.maximumRetries,
                    RetryRule.isWorthResuming(after: error, hasProgressed: summary.size > 0)
                else { throw error }
                summary.resumptions += 1
                self.client.tell(.resuming(offset: summary.size, after: error))
            }
        }
    }

    /// Downloads a stream into a file, which has its name only once it is complete and, where the server tells the
    /// SHA-256, has that.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - path: The file; one that is there is replaced.
    ///   - size: How long the stream is, where that is known.
    /// - Returns: What the download came to.
    /// - Throws: ``ClientError``.
    public func download(
        _ streamID: String,
        toFile path: String,
        size: Int64? = nil
    ) async throws(ClientError) -> DownloadSummary {
        try await OutputFile.write(path) { output async throws(ClientError) in
            let (_, summary) = try await self.download(streamID, size: size, into: FileChunkSink(output))
            guard let expected = summary.sha256, summary.state == "sealed" else { return summary }
            let found = try await Verification.sha256(ofFile: output.file.path)
            guard found == expected.lowercased() else {
                throw ClientError(
                    .badData,
                    "Stream \(streamID) came with SHA-256 \(found); it should be \(ErrorHandler.printable(expected)).",
                    remedy: "Download it again; if that does not help, it is damaged on the server."
                )
            }
            return summary
        }
    }

    /// One connection's part.
    ///
    /// - Returns: What ended it early.
    private func run<Sink: ChunkSink>(
        _ summary: inout DownloadSummary,
        _ size: inout Int64?,
        into sink: inout Sink,
        over connection: ClientConnection
    ) async throws(ClientError) -> ClientError? {
        summary.isOurGateway = connection.isOurGateway
        if connection.isOurGateway, summary.state == nil {
            let info = try await connection.info(summary.streamID)
            summary.state = info.state
            summary.sha256 = info.sha256
            size = size ?? info.size
        }
        let result = try await connection.receive(
            summary.streamID,
            from: summary.size,
            size: size,
            chunkSize: self.client.configuration.chunkSize,
            into: sink,
            observer: self.client.observer
        )
        sink = result.handled
        summary.size = result.count
        return result.error
    }
}
