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
    ///   - offset: Where to begin; at most where the stream ends.
    ///   - size: How long it is, where that is known. Servers of ours are asked where it is not.
    ///   - sink: Where the bytes go.
    ///   - check: Is told the stream's length, where it is known, before anything is asked for; what it throws is thrown.
    /// - Returns: The sink as it was left, and what the download came to.
    /// - Throws: ``ClientError``.
    public func download<Sink: ChunkSink>(
        _ streamID: String,
        from offset: Int64 = 0,
        size: Int64? = nil,
        into sink: Sink,
        check: (Int64) throws(ClientError) -> Void = { _ in }
    ) async throws(ClientError) -> (sink: Sink, summary: DownloadSummary) {
        var sink = sink
        var summary = DownloadSummary(
            streamID: streamID,
            offset: offset,
            size: offset,
            duration: .zero,
            resumptions: 0,
            isOurGateway: false
        )
        var size = size
        var begin: ContinuousClock.Instant?
        var perseverance = Perseverance(self.client.configuration.backoff)
        while true {
            let connection = try await self.client.connect()
            let begun = begin ?? .now
            begin = begun
            let before = summary.size
            do throws(ClientError) {
                let error = try await self.run(&summary, &size, into: &sink, over: connection, check)
                if let error { throw error }
                summary.duration = ContinuousClock.now - begun
                await connection.close()
                return (sink, summary)
            } catch {
                await connection.close()
                let name = "downloading stream \(streamID)"
                try ErrorHandler.throwIfCancelled(while: name)
                guard connection.isOurGateway || summary.size > offset else { throw error }
                let offset = summary.size
                try await perseverance.wait(after: error, hasProgressed: offset > before, while: name) {
                    self.client.tell(.resuming(offset: offset, after: error))
                }
                summary.resumptions = perseverance.resumptions
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
            if let expected = summary.sha256, summary.state == "sealed" {
                let found = try await Verification.sha256(ofFile: output.file.path)
                try Self.verify(streamID, found: found, expected: expected)
            }
            return summary
        }
    }

    /// Downloads what a file does not have yet of a stream, and verifies the whole where the server tells the SHA-256.
    /// What was written stays when that fails, so that it can be gone on with.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - file: The file, which has nothing but the stream's bytes from its beginning on.
    /// - Returns: What the download came to; its size is that of the whole.
    /// - Throws: ``ClientError``; with code `badData` where the file is not of this stream.
    public func download(_ streamID: String, goingOnWith file: GrowingFile) async throws(ClientError) -> DownloadSummary
    {
        let (_, summary) = try await self.download(streamID, from: file.size, into: FileChunkSink(file)) {
            (size) throws(ClientError) in try file.checkFits(streamID, ofSize: size)
        }
        if let expected = summary.sha256, summary.state == "sealed" {
            let found = try await Verification.sha256(ofFile: file.path)
            let remedy = "If \(file.path) had something else in it, remove it; then download the stream again."
            try Self.verify(streamID, found: found, expected: expected, remedy: file.size > 0 ? remedy : nil)
        }
        return summary
    }

    /// Downloads a stream into a sink that can't be read again, and verifies what went by.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - sink: Where the bytes go.
    /// - Returns: What the download came to.
    /// - Throws: ``ClientError``.
    public func download(_ streamID: String, through sink: some ChunkSink) async throws(ClientError) -> DownloadSummary
    {
        let (sink, summary) = try await self.download(streamID, into: DigestedSink(sink))
        if let expected = summary.sha256, summary.state == "sealed" {
            try Self.verify(streamID, found: sink.sha256, expected: expected)
        }
        return summary
    }

    /// Compares digests, of which one came from a server.
    static func verify(
        _ streamID: String,
        found: String,
        expected: String,
        remedy: String? = nil
    ) throws(ClientError) {
        guard found == expected.lowercased() else {
            throw ClientError(
                .badData,
                "Stream \(streamID) came with SHA-256 \(found); it should be \(ErrorHandler.printable(expected)).",
                remedy: remedy ?? "Download it again; if that does not help, it is damaged on the server."
            )
        }
    }

    /// One connection's part.
    ///
    /// - Returns: What ended it early.
    private func run<Sink: ChunkSink>(
        _ summary: inout DownloadSummary,
        _ size: inout Int64?,
        into sink: inout Sink,
        over connection: ClientConnection,
        _ check: (Int64) throws(ClientError) -> Void
    ) async throws(ClientError) -> ClientError? {
        summary.isOurGateway = connection.isOurGateway
        if connection.isOurGateway, summary.state == nil {
            let info = try await connection.info(summary.streamID)
            summary.state = info.state
            summary.sha256 = info.sha256
            size = size ?? info.size
            if let size { try check(size) }
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
