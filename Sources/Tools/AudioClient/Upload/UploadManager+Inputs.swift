extension UploadManager {
    /// Uploads a file; its digest is taken meanwhile, on another thread.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - streamID: The stream's name; a new one where none is given.
    ///   - options: What the upload is to be, beyond its bytes.
    /// - Returns: What it came to.
    /// - Throws: ``ClientError``.
    public func upload(
        file path: String,
        as streamID: String? = nil,
        options: UploadOptions = UploadOptions()
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
                let summary = try await self.upload(source, as: streamID, options: options) {
                    () async throws(ClientError) -> String? in
                    if digest == nil { digest = await group.next() }
                    return try digest?.get()
                }
                outcome = .success(summary)
            } catch {
                outcome = .failure(error)
            }
            // Where the digest was not asked for, nobody waits for it.
            group.cancelAll()
        }
        guard let outcome else { throw ClientError(.io, "The upload of \(path) had no outcome.", cause: .cancelled) }
        return try outcome.get()
    }

    /// Uploads what comes, as it comes, to its end. What the server may not have yet is kept, so that a connection that
    /// breaks leaves no gap.
    ///
    /// - Parameters:
    ///   - input: The bytes, which nobody else runs.
    ///   - streamID: The stream's name; a new one where none is given.
    ///   - options: What the upload is to be, beyond its bytes.
    /// - Returns: What it came to.
    /// - Throws: ``ClientError``.
    public func upload(
        live input: LiveInput,
        as streamID: String? = nil,
        options: UploadOptions = UploadOptions()
    ) async throws(ClientError) -> UploadSummary {
        var outcome: Result<UploadSummary, ClientError>?
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await input.run() }
            do throws(ClientError) {
                let summary = try await self.upload(LiveChunkSource(input), as: streamID, options: options) {
                    () async throws(ClientError) -> String? in input.sha256
                }
                outcome = .success(summary)
            } catch {
                outcome = .failure(error)
            }
            group.cancelAll()
        }
        guard let outcome else { throw ClientError(.io, "The upload had no outcome.", cause: .cancelled) }
        return try outcome.get()
    }
}
