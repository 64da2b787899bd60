import Wire

/// Uploads: START, the bytes, STOP. Gets over a connection that breaks, and over servers that take only small frames.
public struct UploadManager: Sendable {
    private let client: WebSocketClient

    /// Makes a manager.
    ///
    /// - Parameter client: What opens the connections.
    public init(client: WebSocketClient) { self.client = client }

    /// Where an upload stands between two connections.
    private struct Attempt<Source: ChunkSource> {
        var source: Source
        var streamID: String
        let isNameFree: Bool
        var chunkSize: Int
        var contentType: String?
        /// How many bytes the connection has taken, or the server said it has.
        var sent: Int64 = 0
        var isResuming = false
        var resumptions = 0
    }

    /// Uploads a source from its beginning to its end.
    ///
    /// - Parameters:
    ///   - source: The bytes.
    ///   - streamID: The stream's name; a new one where none is given.
    ///   - contentType: The media type of the bytes, for servers of ours.
    ///   - sha256: Called when all bytes are sent, for servers of ours: what the bytes' SHA-256 is, in hexadecimal
    ///     digits, so that the server refuses what came out different.
    /// - Returns: What it came to.
    /// - Throws: ``ClientError``.
    public func upload(
        _ source: some ChunkSource,
        as streamID: String? = nil,
        contentType: String? = nil,
        sha256: () async throws(ClientError) -> String? = { () async throws(ClientError) -> String? in nil }
    ) async throws(ClientError) -> UploadSummary {
        var attempt = Attempt(
            source: source,
            streamID: streamID ?? StreamIDGenerator.shared.next(),
            isNameFree: streamID == nil,
            chunkSize: self.client.configuration.chunkSize,
            contentType: contentType
        )
        let begin = ContinuousClock.now
        while true {
            let connection = try await self.client.connect()
            do throws(ClientError) {
                let sha256 = try await self.run(&attempt, over: connection, sha256: sha256)
                await connection.close()
                return UploadSummary(
                    streamID: attempt.streamID,
                    size: attempt.sent,
                    chunkSize: attempt.chunkSize,
                    duration: ContinuousClock.now - begin,
                    sha256: sha256,
                    resumptions: attempt.resumptions,
                    isOurGateway: connection.isOurGateway
                )
            } catch {
                await connection.close()
                try ErrorHandler.throwIfCancelled(while: "uploading stream \(attempt.streamID)")
                try self.prepareAgain(&attempt, after: error, canResume: connection.isOurGateway)
            }
        }
    }

    /// Uploads a file; its digest is taken meanwhile, on another thread.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - streamID: The stream's name; a new one where none is given.
    ///   - contentType: The media type of the bytes, for servers of ours.
    /// - Returns: What it came to.
    /// - Throws: ``ClientError``.
    public func upload(
        file path: String,
        as streamID: String? = nil,
        contentType: String? = nil
    ) async throws(ClientError) -> UploadSummary {
        let source = try FileChunkSource(path: path)
        var outcome: Result<UploadSummary, ClientError>?
        await withTaskGroup(of: Result<String, ClientError>.self) { group in
            group.addTask {
                do throws(ClientError) {
                    return .success(try await Verification.sha256(ofFile: path))
                } catch {
                    return .failure(error)
                }
            }
            var digest: Result<String, ClientError>?
            do throws(ClientError) {
                let summary = try await self.upload(source, as: streamID, contentType: contentType) {
                    () async throws(ClientError) -> String? in
                    if digest == nil { digest = await group.next() }
                    return try digest?.get()
                }
                outcome = .success(summary)
            } catch {
                outcome = .failure(error)
            }
        }
        guard let outcome else { throw ClientError(.io, "The upload of \(path) had no outcome.", cause: .cancelled) }
        return try outcome.get()
    }

    /// One connection's part.
    ///
    /// - Returns: The SHA-256 that the server gives.
    private func run<Source>(
        _ attempt: inout Attempt<Source>,
        over connection: ClientConnection,
        sha256: () async throws(ClientError) -> String?
    ) async throws(ClientError) -> String? {
        let isOurs = connection.isOurGateway
        var start = ClientMessage.Start(streamID: attempt.streamID)
        if isOurs {
            start.resume = attempt.isResuming
            start.size = attempt.source.size
            start.contentType = attempt.contentType
        }
        let started: ServerMessage
        do throws(ClientError) {
            started = try await connection.start(start)
        } catch {
            // The STOP of the connection before may have arrived, and only its answer got lost.
            if attempt.isResuming, error.cause == .server(.streamExists, isRetryable: false) {
                let info = try await connection.info(attempt.streamID)
                if info.state == "sealed", info.size == attempt.source.size { return info.sha256 }
            }
            throw error
        }
        if attempt.isResuming {
            let offset = max(0, started.offset ?? 0)
            try attempt.source.seek(to: offset)
            attempt.sent = offset
        }
        let result = try await connection.send(
            attempt.source,
            chunkSize: attempt.chunkSize,
            streamID: attempt.streamID,
            observer: self.client.observer
        )
        attempt.source = result.handled
        attempt.sent += result.count
        if let error = result.error { throw error }
        let digest = isOurs ? try await sha256() : nil
        let stopped = try await connection.stop(attempt.streamID, sha256: digest)
        if let size = stopped.size, size != attempt.sent {
            throw ClientError(
                .badData,
                "Stream \(attempt.streamID) has \(size) bytes on the server; \(attempt.sent) were sent.",
                remedy: "Upload it again under another id."
            )
        }
        return stopped.sha256
    }

    /// Decides how to go on after a failure, or that there is no going on.
    private func prepareAgain<Source>(
        _ attempt: inout Attempt<Source>,
        after error: ClientError,
        canResume: Bool
    ) throws(ClientError) {
        let smaller = ChunkSizeRule.smaller(
            after: error,
            chunkSize: attempt.chunkSize,
            sent: attempt.sent,
            isOurGateway: canResume,
            configuration: self.client.configuration
        )
        if let smaller {
            self.client.tell(.smallerChunks(from: attempt.chunkSize, to: smaller, because: error))
            attempt.chunkSize = smaller
            attempt.isResuming = canResume
            if !canResume {
                try attempt.source.seek(to: 0)
                attempt.sent = 0
                // What the server made of the first attempt keeps its name.
                if attempt.isNameFree { attempt.streamID = StreamIDGenerator.shared.next() }
            }
            return
        }
        guard canResume, attempt.resumptions < self.client.configuration.backoff.maximumRetries,
            RetryRule.isWorthResuming(after: error, hasProgressed: attempt.sent > 0)
        else { throw error }
        attempt.resumptions += 1
        attempt.isResuming = true
        self.client.tell(.resuming(offset: attempt.sent, after: error))
    }
}
