extension ClientConnection {
    /// Reads a stream into a sink.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - offset: Where to begin.
    ///   - size: How long the stream is, where that is known.
    ///   - chunkSize: The most bytes to ask for at once.
    ///   - sink: Where the bytes go.
    ///   - observer: Is told how far it has got.
    /// - Returns: The sink as it was left, where in the stream it stands, and what ended it early.
    /// - Throws: ``ClientError`` where it could not even begin.
    func receive<Sink: ChunkSink>(
        _ streamID: String,
        from offset: Int64,
        size: Int64?,
        chunkSize: Int,
        into sink: Sink,
        observer: @escaping @Sendable (ClientEvent) -> Void
    ) async throws(ClientError) -> PumpResult<Sink> {
        let name = "downloading stream \(streamID)"
        let plan = DownloadPlan(
            from: offset,
            size: size,
            chunkSize: chunkSize,
            depth: self.isOurGateway ? self.settings.pipelineDepth : 1
        )
        return try await self.perform(name) { promise in
            DownloadPump(
                streamID: streamID,
                plan: plan,
                sink: sink,
                name: name,
                observer: observer,
                promise: promise
            )
        }
    }
}
