import CacheProtocol
import Crypto
import Logging
import NIOCore

/// An object that comes about, part by part: what was sent of it, and what is still at hand. One job uses it.
struct ObjectAssembly {
    private let facts: ObjectFacts
    private let options: WriteOptions
    private let store: S3Store
    private let key: String
    private var part = Payload()
    private var whole = SHA256()
    private var size: Int64 = 0
    private var uploadID: String?
    private var parts: [UploadedPart] = []
    private let partSize: Int
    private var hasLabels = false
    private var presence = ObjectPresence.absent

    init(_ facts: ObjectFacts, options: WriteOptions, store: S3Store) {
        self.facts = facts
        self.options = options
        self.store = store
        self.key = store.key(facts.info.id)
        self.partSize = store.configuration.partSize(for: options.expectedSize)
    }

    private var id: StreamID { self.facts.info.id }

    private func calling<Value: Sendable>(
        _ body: () async throws(S3Failure) -> Value
    ) async throws(CacheError) -> Value {
        do throws(S3Failure) {
            return try await body()
        } catch {
            throw self.store.error(error, self.id)
        }
    }

    // MARK: One request, with the bytes as they come

    /// The original, where this is a copy that goes up in one request: longer than a part, and not too long.
    var streamable: StreamInfo? {
        guard let original = self.options.original, original.sha256 != nil else { return nil }
        let range = Int64(self.partSize) + 1...max(Int64(self.partSize) + 1, self.store.configuration.streamedSize)
        return range.contains(original.size) ? original : nil
    }

    /// Makes the object of a copy by one request, whose digest the store compares.
    mutating func stream(_ queue: UploadQueue, _ original: StreamInfo) async throws(CacheError) -> StreamInfo? {
        guard let digest = original.sha256 else { return nil }
        let facts = ObjectFacts(self.sealed(size: original.size, sha256: digest), writing: self.facts.writing)
        let headers = try await self.headers(facts)
        let body = UploadBody(queue: queue)
        do throws(S3Failure) {
            try await self.store.client.learnConditions(by: self.store.conditionsKey)
            try await self.store.client.put(
                self.key,
                streaming: body,
                count: original.size,
                sha256: digest,
                headers: headers,
                isNew: true
            )
        } catch {
            // Of a part of the bytes the store makes nothing.
            if body.digest.count == original.size { self.presence.note(error) }
            if queue.ending == .abort {
                try await self.discard()
                return nil
            }
            try await self.requireOurs(after: error)
        }
        self.presence = .stored
        // The store answers as soon as it has all bytes, and what becomes of them the writer says.
        let end = await body.ended()
        if end == .abort {
            try await self.discard()
            return nil
        }
        let expected = if case .finish(let expected) = end { expected } else { SHA256Value?.none }
        guard body.digest.value == digest, expected == nil || expected == digest else {
            try await self.discard()
            throw self.mismatch(body.digest.value, expected ?? digest)
        }
        return facts.info
    }

    // MARK: Parts

    /// Takes bytes, and sends a part where one is full.
    mutating func append(_ bytes: ByteBuffer) async throws(CacheError) {
        var rest = bytes
        while rest.readableBytes > 0 {
            if self.part.count == self.partSize { try await self.sendPart() }
            guard let piece = rest.readSlice(length: min(rest.readableBytes, self.partSize - self.part.count)) else {
                return
            }
            piece.withUnsafeReadableBytes { self.whole.update(bufferPointer: $0) }
            self.size += Int64(piece.readableBytes)
            self.part.append(piece)
        }
    }

    private mutating func sendPart() async throws(CacheError) {
        let (key, part, number) = (self.key, self.part, self.parts.count + 1)
        let client = self.store.client
        let uploadID: String
        if let known = self.uploadID {
            uploadID = known
        } else {
            let headers = try await self.headers(self.factsAtStart)
            uploadID = try await self.calling { () throws(S3Failure) in
                try await client.createUpload(key, headers: headers)
            }
            self.uploadID = uploadID
        }
        self.parts.append(
            try await self.calling { () throws(S3Failure) in
                try await client.uploadPart(key, uploadID: uploadID, number: number, part)
            }
        )
        self.part = Payload()
    }

    /// What is known before the bytes are: of a copy everything.
    private var factsAtStart: ObjectFacts {
        guard let original = self.options.original, let digest = original.sha256 else {
            return ObjectFacts(self.suspended(size: 0), writing: self.facts.writing)
        }
        return ObjectFacts(self.sealed(size: original.size, sha256: digest), writing: self.facts.writing)
    }

    private mutating func headers(_ facts: ObjectFacts) async throws(CacheError) -> [(name: String, value: String)] {
        let labelsKey = self.store.labelsKey(self.id, writing: facts.writing)
        if facts.hasLongLabels, !self.hasLabels {
            var payload = Payload()
            payload.append(ByteBuffer(bytes: facts.labels))
            let client = self.store.client
            let labels = payload
            try await self.calling { () throws(S3Failure) in
                try await client.put(labelsKey, labels, headers: [("content-type", "application/json")], isNew: false)
            }
            self.hasLabels = true
        }
        return facts.headers(labelsKey: labelsKey)
    }

    // MARK: Ends

    private func sealed(size: Int64, sha256: SHA256Value?) -> StreamInfo {
        var info = self.facts.info
        info.state = .sealed
        info.size = size
        info.sha256 = sha256
        info.sealedAt = self.options.original?.sealedAt ?? max(self.store.clock.wall(), info.createdAt)
        info.durability = .tier
        return info
    }

    private func suspended(size: Int64) -> StreamInfo {
        var info = self.facts.info
        info.state = .suspended
        info.size = size
        return info
    }

    private func mismatch(_ found: SHA256Value?, _ wanted: SHA256Value) -> CacheError {
        CacheError(
            .digestMismatch,
            "The bytes have the SHA-256 \(found.map(\.description) ?? "of nothing"), not \(wanted). Send them again.",
            streamID: self.id
        )
    }

    /// Makes the object, as a sealed stream.
    mutating func seal(expecting expected: SHA256Value?) async throws(CacheError) -> StreamInfo? {
        let digest = SHA256Value(bytes: self.whole.finalize())
        if let wanted = expected ?? self.options.original?.sha256, wanted != digest {
            if self.options.original == nil { _ = try await self.suspend() } else { try await self.discard() }
            throw self.mismatch(digest, wanted)
        }
        let info = self.sealed(size: self.size, sha256: digest)
        try await self.make(ObjectFacts(info, writing: self.facts.writing))
        return info
    }

    /// Makes the object, as a suspended stream.
    mutating func suspend() async throws(CacheError) -> StreamInfo? {
        if self.options.original != nil {
            // Half a copy is of no use to anybody, and would stand in the way of the whole one.
            try await self.discard()
            return nil
        }
        let info = self.suspended(size: self.size)
        try await self.make(ObjectFacts(info, writing: self.facts.writing))
        return info
    }

    private mutating func make(_ facts: ObjectFacts) async throws(CacheError) {
        let (key, client, part) = (self.key, self.store.client, self.part)
        let headers = try await self.headers(facts)
        guard let uploadID = self.uploadID else {
            try await self.creating { () throws(S3Failure) in
                try await client.put(key, part, headers: headers, isNew: true)
            }
            return
        }
        if self.part.count > 0 { try await self.sendPart() }
        let parts = self.parts
        try await self.creating { () throws(S3Failure) in
            try await client.completeUpload(key, uploadID: uploadID, parts: parts, isNew: true)
        }
        // Completed: whatever fails from here on, there is no upload to be aborted.
        self.uploadID = nil
        guard facts.info.state == .sealed, self.options.original?.sha256 == nil else { return }
        try await self.store.replaceFacts(key, facts, headers: headers)
    }

    /// Does what makes the object, where there was none.
    private mutating func creating(_ body: () async throws(S3Failure) -> Void) async throws(CacheError) {
        do throws(S3Failure) {
            try await body()
        } catch {
            self.presence.note(error)
            try await self.requireOurs(after: error)
        }
        self.presence = .stored
    }

    /// After a failure of what makes the object: one that is there now may be ours, from a request whose answer was lost.
    ///
    /// - Throws: Where ours is not there: the failure, or that another gateway's is.
    private mutating func requireOurs(after failure: S3Failure) async throws(CacheError) {
        guard failure.isPreconditionFailed || self.presence == .doubtful else {
            throw self.store.error(failure, self.id)
        }
        let isThere: Bool
        do throws(S3Failure) {
            isThere = try await self.look()
        } catch {
            // That there is one already says less than why it can't be looked at.
            throw self.store.error(failure.isPreconditionFailed ? error : failure, self.id)
        }
        guard self.presence != .stored else { return }
        guard isThere else { throw self.store.error(failure, self.id) }
        if failure.isPreconditionFailed { self.presence = .absent }
        throw CacheError(
            .streamExists,
            "Another gateway has made a stream of this name in the meantime. Choose another id.",
            streamID: self.id
        )
    }

    /// Asks the store for the object.
    ///
    /// - Returns: Whether there is one, be it ours or another's.
    private mutating func look() async throws(S3Failure) -> Bool {
        do throws(S3Failure) {
            let found = try await self.store.client.head(self.key)
            self.presence.noteLook(isOurs: ObjectFacts(found, id: self.id).writing == self.facts.writing)
            return true
        } catch {
            guard error.isMissing else { throw error }
            self.presence.noteLook(isOurs: false)
            return false
        }
    }

    /// Asks the store for the object where it may be there or not.
    private mutating func resolveDoubt() async throws(CacheError) {
        guard self.presence == .doubtful else { return }
        do throws(S3Failure) {
            _ = try await self.look()
        } catch {
            throw self.store.error(error, self.id)
        }
    }

    /// Leaves nothing behind; labels only as long as an object may still come that names them, or where the store can't be
    /// asked. Those that no object names in the end the store's upkeep removes.
    mutating func discard() async throws(CacheError) {
        let (key, client) = (self.key, self.store.client)
        if let uploadID = self.uploadID {
            try await self.calling { () throws(S3Failure) in try await client.abortUpload(key, uploadID: uploadID) }
            self.uploadID = nil
        }
        try await self.resolveDoubt()
        if self.presence == .stored {
            try await self.calling { () throws(S3Failure) in try await client.delete(key) }
            self.presence = .absent
        }
        if self.presence == .absent { try await self.discardLabels() }
    }

    private mutating func discardLabels() async throws(CacheError) {
        guard self.hasLabels else { return }
        let labelsKey = self.store.labelsKey(self.id, writing: self.facts.writing)
        let client = self.store.client
        try await self.calling { () throws(S3Failure) in try await client.delete(labelsKey) }
        self.hasLabels = false
    }

    /// After a failure: keeps what the store has, as a suspended stream, or leaves nothing. What can't be done now, the
    /// store's upkeep does later.
    mutating func salvage(after failure: CacheError, isWanted: Bool) async {
        guard self.presence != .stored else { return }
        do throws(CacheError) {
            try await self.resolveDoubt()
            if isWanted, self.presence == .stored { return }
            let isKept = isWanted && self.options.original == nil && failure.code != .streamExists
            guard isKept, !self.parts.isEmpty, let uploadID = self.uploadID else { return try await self.discard() }
            let (key, client, parts) = (self.key, self.store.client, self.parts)
            try await self.calling { () throws(S3Failure) in
                try await client.completeUpload(key, uploadID: uploadID, parts: parts, isNew: true)
            }
        } catch {
            self.store.logger.error(
                "an upload broke off, and what was sent of it can't be kept",
                metadata: ["stream": "\(self.id)", "error": "\(failure)", "then": "\(error)"]
            )
        }
    }
}
