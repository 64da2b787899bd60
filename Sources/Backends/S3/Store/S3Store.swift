import CacheProtocol
import Logging
import NIOCore
import Synchronization

/// The streams of one bucket and prefix: what all writers and readers of a backend share.
final class S3Store: Sendable {
    let configuration: S3Configuration
    let client: S3Client
    let clock: S3Clock
    let names = NameTable()
    let jobs = JobQueue()
    let logger: Logger
    /// Why the backend's work could not begin when it was last tried; `nil` where it could, or was not yet.
    let fault = Mutex<CacheError?>(nil)

    init(_ configuration: S3Configuration, credentials: S3Credentials, clock: S3Clock, logger: Logger) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.client = S3Client(configuration, credentials: credentials, clock: clock, logger: logger)
    }

    // MARK: Keys

    /// The prefix of all streams' keys.
    var streamsPrefix: String { "\(self.configuration.prefix)streams/" }

    func key(_ id: StreamID) -> String { self.streamsPrefix + id.rawValue }

    /// The key by which the store's knowledge of conditions is tried; no stream has it.
    var conditionsKey: String { "\(self.streamsPrefix).conditions" }

    /// The stream that a key is of; `nil` for what something else put there.
    func id(_ key: String) -> StreamID? {
        guard key.utf8.starts(with: self.streamsPrefix.utf8) else { return nil }
        return StreamID(validating: String(decoding: key.utf8.dropFirst(self.streamsPrefix.utf8.count), as: UTF8.self))
    }

    func error(_ failure: S3Failure, _ id: StreamID? = nil) -> CacheError {
        failure.cacheError(for: id, at: self.client.endpoint)
    }

    private func notFound(_ id: StreamID) -> CacheError {
        CacheError(.streamNotFound, "The store has no such stream.", streamID: id)
    }

    // MARK: Looking

    /// An object that is a stream.
    struct Found: Sendable {
        var facts: ObjectFacts
        var entityTag: String
        var labelsKey: String?
        /// How long the stream was when it was sealed, where that is known.
        var sealedSize: Int64?
    }

    /// What the store has of a stream; a stream whose time is over is not there.
    ///
    /// - Throws: ``CacheError`` with code `stream_not_found`, `io` or `configuration`.
    func find(_ id: StreamID) async throws(CacheError) -> Found {
        guard let found = try await self.look(id), !self.isOver(found.facts.info) else { throw self.notFound(id) }
        return found
    }

    /// What the store has of a stream, whether or not its time is over.
    func look(_ id: StreamID) async throws(CacheError) -> Found? {
        guard let found = try await self.stored(id) else { return nil }
        if let size = found.sealedSize, size != found.facts.info.size {
            throw CacheError(
                .io,
                "The object \(self.key(id)) has \(found.facts.info.size) bytes, but \(size) were sealed. Restore the "
                    + "object, or remove the stream.",
                streamID: id
            )
        }
        return found
    }

    /// What the store has of a stream, be it whole or not: enough to remove it.
    func stored(_ id: StreamID) async throws(CacheError) -> Found? {
        let answer: S3Answer
        do throws(S3Failure) {
            answer = try await self.client.head(self.key(id))
        } catch {
            if error.isMissing { return nil }
            throw self.error(error, id)
        }
        var facts = ObjectFacts(answer, id: id)
        let labelsKey = ObjectFacts.labelsKey(answer)
        if let labelsKey {
            do throws(S3Failure) {
                facts.takeLabels(Array(try await self.client.get(labelsKey).readableBytesView))
            } catch {
                // Without its labels a stream is still worth having.
                guard error.isMissing else { throw self.error(error, id) }
            }
        }
        return Found(
            facts: facts,
            entityTag: answer.header("etag") ?? "",
            labelsKey: labelsKey,
            sealedSize: facts.info.state == .sealed ? ObjectFacts.sealedSize(answer) : nil
        )
    }

    /// Whether a stream's time is over, by this machine's clock and by the store's: whichever of them is wrong, nothing
    /// goes before its time.
    func isOver(_ info: StreamInfo) -> Bool {
        let ours = self.clock.wall()
        let now = min(ours, self.client.time.now(at: ours))
        guard info.state == .sealed else {
            return info.createdAt.advanced(bySeconds: self.configuration.suspendedTimeToLiveSeconds) <= now
        }
        if let end = info.expiresAt { return end <= now }
        guard info.timeToLiveSeconds == nil, let seconds = self.configuration.timeToLiveSeconds else { return false }
        return (info.sealedAt ?? info.createdAt).advanced(bySeconds: seconds) <= now
    }

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo {
        if let live = self.names.upload(id)?.info { return live }
        return try await self.find(id).facts.info
    }

    // MARK: Changing

    /// Sees to it that a writer's name is free in the store, as its options ask.
    ///
    /// - Returns: The facts that the stream begins with.
    func makeRoom(for upload: S3Upload) async throws(CacheError) -> (createdAt: Timestamp, writing: String) {
        let id = upload.id
        if let fault = self.fault.withLock({ $0 }) {
            // Nobody sends what writers have: they would wait for as long as that lasts.
            throw CacheError(fault.code, fault.message, streamID: id, cause: fault.cause)
        }
        if let found = try await self.stored(id) {
            let info = found.facts.info
            switch upload.options.mode {
            case _ where self.isOver(info), .overwrite: try await self.erase(id, found)
            case .resume where info.state == .suspended:
                throw CacheError(
                    .unsupported,
                    "A stream in an object store can't be gone on with. Send it again from its start (overwrite).",
                    streamID: id
                )
            case .create, .resume:
                let account =
                    info.state == .sealed
                    ? "The stream is sealed." : "The stream is suspended: an upload of it broke off."
                throw CacheError(.streamExists, "\(account) Choose another id, or overwrite it.", streamID: id)
            }
        }
        let createdAt = upload.options.original?.createdAt ?? self.clock.wall()
        return (createdAt, String(UInt64.random(in: .min ... .max), radix: 36))
    }

    func erase(_ id: StreamID, _ found: Found) async throws(CacheError) {
        do throws(S3Failure) {
            try await self.client.delete(self.key(id))
            if let labelsKey = found.labelsKey { try await self.client.delete(labelsKey) }
        } catch {
            throw self.error(error, id)
        }
    }

    func remove(_ id: StreamID) async throws(CacheError) {
        try await self.names.withRemoval(of: id) { () async throws(CacheError) in
            guard let found = try await self.stored(id) else {
                try await self.requireBucket(for: id)
                throw self.notFound(id)
            }
            try await self.erase(id, found)
            if self.isOver(found.facts.info) { throw self.notFound(id) }
        }
    }

    /// Sees to it that a stream is missing, and not the bucket: asked for now, whatever was seen lately, because others
    /// remove what they have of a stream when they hear that the store has none.
    private func requireBucket(for id: StreamID) async throws(CacheError) {
        do throws(S3Failure) {
            try await self.client.headBucket()
        } catch {
            throw self.error(error, id)
        }
    }

    /// Gives an object the facts of a sealed stream, by having the store copy it onto itself: at once, or in parts where
    /// it is longer than a store copies at once.
    func replaceFacts(
        _ key: String,
        _ facts: ObjectFacts,
        headers: [(name: String, value: String)]
    ) async throws(CacheError) {
        let (size, limit) = (facts.info.size, self.configuration.copySize)
        do throws(S3Failure) {
            guard size > limit else { return try await self.client.replaceMetadata(key, headers: headers) }
            let uploadID = try await self.client.createUpload(key, headers: headers)
            do throws(S3Failure) {
                var parts: [UploadedPart] = []
                while Int64(parts.count) * limit < size {
                    let start = Int64(parts.count) * limit
                    let range = start..<min(start + limit, size)
                    parts.append(
                        try await self.client.copyPart(key, uploadID: uploadID, number: parts.count + 1, range: range)
                    )
                }
                try await self.client.completeUpload(key, uploadID: uploadID, parts: parts, isNew: false)
            } catch {
                // What this leaves, upkeep removes.
                try? await self.client.abortUpload(key, uploadID: uploadID)
                throw error
            }
        } catch {
            throw self.error(error, facts.info.id)
        }
    }
}
