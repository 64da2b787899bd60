import CacheProtocol
import Logging
import Synchronization

extension S3Store {
    /// Does the backend's background work: looks whether the bucket is there, then sends what writers have, and every
    /// while removes what uploads and time have left.
    ///
    /// - Throws: ``CacheError`` with code `configuration` where the store says that there is no such bucket, or does not
    ///   let us in. A store that is out of reach is waited for.
    func run() async throws {
        do throws(CacheError) {
            try await self.check()
        } catch {
            self.fault.withLock { $0 = error }
            throw error
        }
        self.fault.withLock { $0 = nil }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.jobs.run() }
            group.addTask { try await self.keepUp() }
            // The queue ends when it is cancelled, and nothing else does.
            while let _ = try await group.next() {}
        }
    }

    private func check() async throws(CacheError) {
        do throws(S3Failure) {
            try await self.client.headBucket()
        } catch {
            let problem = self.error(error)
            if problem.code == .configuration { throw problem }
            self.logger.error("the store is out of reach", metadata: ["error": "\(problem)"])
        }
    }

    private func keepUp() async throws {
        // Not at once, since it looks at every object; but a gateway that is started again every day comes to it, too.
        var pause = min(self.configuration.upkeepSeconds, 3_600)
        while !Task.isCancelled {
            await self.removeLeftovers()
            try await self.clock.sleep(pause * 1_000)
            pause = self.configuration.upkeepSeconds
            await self.expire()
            await self.removeLostLabels()
        }
    }

    /// Aborts uploads that nobody will complete: begun so long ago that whoever did must be gone. Others may share the
    /// bucket, so younger ones are left alone.
    func removeLeftovers() async {
        do throws(S3Failure) {
            let uploads = try await self.client.unfinishedUploads(prefix: self.streamsPrefix)
            let limit = self.abandonmentLimit
            for upload in uploads {
                guard let begun = upload.initiatedAt, begun < limit else { continue }
                // Ours may take longer: a recording of days is one upload.
                let name = upload.key.dropFirst(self.streamsPrefix.count)
                if let id = StreamID(validating: String(name)), self.names.upload(id) != nil { continue }
                try await self.client.abortUpload(upload.key, uploadID: upload.uploadID)
                self.logger.notice("an upload that nobody completed was aborted", metadata: ["key": "\(upload.key)"])
            }
        } catch {
            self.logger.warning("leftovers can't be removed", metadata: ["error": "\(self.error(error))"])
        }
    }

    /// What was begun before this nobody will complete: by the store's clock, which noted when that was. To be asked for
    /// after what it decides about, whose answer tells what that clock shows.
    var abandonmentLimit: Timestamp {
        self.client.time.now(at: self.clock.wall()).advanced(bySeconds: -self.configuration.abandonedUploadSeconds)
    }

    private func removeIfOver(_ id: StreamID) async throws(CacheError) {
        guard let found = try await self.look(id), self.isOver(found.facts.info) else { return }
        try await self.names.withRemoval(of: id) { () async throws(CacheError) in
            guard let found = try await self.look(id), self.isOver(found.facts.info) else { return }
            try await self.erase(id, found)
            self.logger.info("stream expired", metadata: ["stream": "\(id)"])
        }
    }

    /// Removes the streams whose time is over. Until then they are in the store, but not served.
    func expire() async {
        do throws(CacheError) {
            try await self.forEachObject(under: self.streamsPrefix) { object throws(CacheError) in
                guard let id = self.id(object.key), self.names.upload(id) == nil else { return }
                try await self.removeIfOver(id)
            }
        } catch {
            self.logger.warning("streams whose time is over can't be removed", metadata: ["error": "\(error)"])
        }
    }

    /// How many objects in a row may fail before it counts as the store's trouble.
    private static let patience = 3

    /// Does something with each object that the store has under a prefix. One object's trouble is told, and is not the
    /// others'; that of several in a row is the store's.
    func forEachObject(
        under prefix: String,
        _ body: (ListedObject) async throws(CacheError) -> Void
    ) async throws(CacheError) {
        var cursor: String?
        var failures = 0
        while true {
            let listing: (objects: [ListedObject], hasMore: Bool)
            do throws(S3Failure) {
                listing = try await self.client.list(prefix: prefix, after: cursor, limit: 1_000)
            } catch {
                throw self.error(error)
            }
            for object in listing.objects {
                do throws(CacheError) {
                    try await body(object)
                    failures = 0
                } catch {
                    failures += 1
                    guard failures < Self.patience, !Task.isCancelled else { throw error }
                    self.logger.warning(
                        "an object can't be looked at, or removed",
                        metadata: ["key": "\(object.key)", "error": "\(error)"]
                    )
                }
            }
            guard listing.hasMore, let last = listing.objects.last else { return }
            cursor = last.key
        }
    }
}
