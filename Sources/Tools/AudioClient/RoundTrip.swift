/// Uploads a file, downloads it, and compares: what the original system's client does.
public struct RoundTrip: Sendable {
    private let client: WebSocketClient

    /// What came of it.
    public struct Report: Hashable, Sendable {
        /// The upload.
        public var upload: UploadSummary
        /// The download.
        public var download: DownloadSummary
        /// Size and digests, sent and received.
        public var verification: Verification.Result
        /// How fast it was.
        public var meter: TransferMeter
    }

    /// Makes a round trip.
    ///
    /// - Parameter client: What opens the connections.
    public init(client: WebSocketClient) { self.client = client }

    /// Goes all the way. Taking digests is not part of the times.
    ///
    /// - Parameters:
    ///   - input: The file to upload.
    ///   - output: The file to download to; one that is there is replaced.
    ///   - streamID: The stream's name; a new one where none is given.
    /// - Returns: The report; its verification may have found differences.
    /// - Throws: ``ClientError`` where it was not possible to go all the way.
    public func run(
        input: String,
        output: String,
        as streamID: String? = nil
    ) async throws(ClientError) -> Report {
        let source = try FileChunkSource(path: input)
        let expected = try await Verification.digests(ofFile: input)
        let upload = try await UploadManager(client: self.client).upload(source, as: streamID) {
            () async throws(ClientError) -> String? in expected.sha256
        }
        let manager = DownloadManager(client: self.client)
        let (download, found) = try await OutputFile.write(output) { output async throws(ClientError) in
            let result = try await manager.download(upload.streamID, size: upload.size, into: FileChunkSink(output))
            return (result.summary, try await Verification.digests(ofFile: output.file.path))
        }
        var meter = TransferMeter()
        meter.recordUpload(bytes: upload.size, duration: upload.duration)
        meter.recordDownload(bytes: download.size, duration: download.duration)
        return Report(
            upload: upload,
            download: download,
            verification: Verification.Result(expected: expected, found: found),
            meter: meter
        )
    }
}
