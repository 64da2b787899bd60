import Wire

/// Uploads: START, the bytes, STOP. Gets over a connection that breaks, and over servers that take only small frames.
public struct UploadManager: Sendable {
    let client: WebSocketClient

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
        let options: UploadOptions
        /// How many bytes the connection has taken, or the server said it has.
        var sent: Int64 = 0
        /// Whether a server has begun the stream for us, so that what it has of it is ours.
        var isBegun = false
        var perseverance: Perseverance

        var name: String { "uploading stream \(self.streamID)" }
        /// A name of our own making is nobody else's.
        var isGoingOn: Bool { self.isBegun || self.isNameFree && self.perseverance.resumptions > 0 }
    }

    /// Uploads a source to its end: from its beginning, or from where the server's stream ends where that is resumed.
    ///
    /// - Parameters:
    ///   - source: The bytes.
    ///   - streamID: The stream's name; a new one where none is given.
    ///   - options: What the upload is to be, beyond its bytes.
    ///   - sha256: Called when all bytes are sent, for servers of ours: what the bytes' SHA-256 is, in hexadecimal
    ///     digits, so that the server refuses what came out different.
    /// - Returns: What it came to.
    /// - Throws: ``ClientError``.
    public func upload(
        _ source: some ChunkSource,
        as streamID: String? = nil,
        options: UploadOptions = UploadOptions(),
        sha256: () async throws(ClientError) -> String? = { () async throws(ClientError) -> String? in nil }
    ) async throws(ClientError) -> UploadSummary {
        var attempt = Attempt(
            source: source,
            streamID: streamID ?? StreamIDGenerator.shared.next(),
            isNameFree: streamID == nil,
            chunkSize: self.client.configuration.chunkSize,
            options: options,
            perseverance: Perseverance(self.client.configuration.backoff)
        )
        var begin: ContinuousClock.Instant?
        while true {
            let connection = try await self.client.connect()
            let begun = begin ?? .now
            begin = begun
            let before = attempt.sent
            do throws(ClientError) {
                let sha256 = try await self.run(&attempt, over: connection, sha256: sha256)
                let duration = ContinuousClock.now - begun
                await connection.close()
                return UploadSummary(
                    streamID: attempt.streamID,
                    size: attempt.sent,
                    chunkSize: attempt.chunkSize,
                    duration: duration,
                    sha256: sha256,
                    resumptions: attempt.perseverance.resumptions,
                    isOurGateway: connection.isOurGateway
                )
            } catch {
                await connection.close()
                try ErrorHandler.throwIfCancelled(while: attempt.name)
                try await self.prepareAgain(&attempt, after: error, from: before, isOurs: connection.isOurGateway)
            }
        }
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
        if attempt.options.needsOurGateway || attempt.isGoingOn {
            try connection.requireOurGateway(for: "resuming, overwriting, labels or time to live")
        }
        let isResuming = attempt.options.resumes || attempt.isGoingOn
        let start = attempt.options.start(
            attempt.streamID,
            size: attempt.source.size,
            acknowledgementInterval: attempt.source.acknowledgementInterval,
            isGoingOn: attempt.isGoingOn
        )
        let started: ServerMessage
        do throws(ClientError) {
            started = try await connection.start(isOurs ? start : ClientMessage.Start(streamID: attempt.streamID))
        } catch {
            guard isResuming, case .server(.streamExists, _) = error.cause,
                let info = try await Self.finished(attempt, over: connection, sha256: sha256)
            else { throw error }
            attempt.sent = info.size
            return info.sha256
        }
        attempt.isBegun = isOurs
        try Self.seek(&attempt, isResuming ? max(0, started.offset ?? 0) : 0)
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

    /// The stream, where it is sealed with what was to be uploaded: the STOP of a connection before has arrived, and only
    /// its answer got lost.
    private static func finished<Source>(
        _ attempt: Attempt<Source>,
        over connection: ClientConnection,
        sha256: () async throws(ClientError) -> String?
    ) async throws(ClientError) -> StreamDescription? {
        let info = try await connection.info(attempt.streamID)
        // Of a source without a known size, all was sent where a connection before has come to STOP.
        guard info.state == "sealed", info.size == attempt.source.size ?? attempt.sent else { return nil }
        if attempt.source.size == nil, !attempt.source.isAtEnd { return nil }
        // Without a digest only what was sent in this call is known to be the same.
        guard info.sha256 != nil || attempt.isBegun else { return nil }
        if let found = info.sha256, let expected = try await sha256(), found.lowercased() != expected { return nil }
        return info
    }

    /// Goes to where the server's stream ends.
    private static func seek<Source>(_ attempt: inout Attempt<Source>, _ offset: Int64) throws(ClientError) {
        if let size = attempt.source.size, offset > size {
            throw ClientError(
                .badData,
                "Stream \(attempt.streamID) has \(offset) bytes on the server, and what is to be uploaded only \(size): they "
                    + "are not the same.",
                remedy: "Choose another id."
            )
        }
        try attempt.source.seek(to: offset)
        attempt.sent = offset
    }

    /// Decides how to go on after a failure, or that there is no going on.
    private func prepareAgain<Source>(
        _ attempt: inout Attempt<Source>,
        after error: ClientError,
        from before: Int64,
        isOurs: Bool
    ) async throws(ClientError) {
        let smaller = ChunkSizeRule.smaller(
            after: error,
            chunkSize: attempt.chunkSize,
            sent: attempt.sent,
            isOurGateway: isOurs,
            configuration: self.client.configuration
        )
        if let smaller {
            self.client.tell(.smallerChunks(from: attempt.chunkSize, to: smaller, because: error))
            attempt.chunkSize = smaller
            if !isOurs {
                try attempt.source.seek(to: 0)
                attempt.sent = 0
                // What the server made of the first attempt keeps its name.
                if attempt.isNameFree { attempt.streamID = StreamIDGenerator.shared.next() }
            }
            return
        }
        guard isOurs else { throw error }
        let sent = attempt.sent
        try await attempt.perseverance.wait(after: error, hasProgressed: sent > before, while: attempt.name) {
            self.client.tell(.resuming(offset: sent, after: error))
        }
    }
}
