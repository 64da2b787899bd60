extension ClientConnection {
    /// Sends a source's bytes, from where it stands to its end, as binary frames.
    ///
    /// - Parameters:
    ///   - source: The bytes.
    ///   - chunkSize: How many of them a frame has; the last one may have fewer.
    ///   - streamID: The stream that was started, for sentences.
    ///   - observer: Is told how far it has got.
    /// - Returns: The source as it was left, how much was sent, and what ended it early.
    /// - Throws: ``ClientError`` where it could not even begin.
    func send<Source: ChunkSource>(
        _ source: Source,
        chunkSize: Int,
        streamID: String,
        observer: @escaping @Sendable (ClientEvent) -> Void
    ) async throws(ClientError) -> PumpResult<Source> {
        let name = "uploading stream \(streamID)"
        return try await self.perform(name) { promise in
            UploadPump(source, chunkSize: chunkSize, name: name, observer: observer, promise: promise)
        }
    }
}
