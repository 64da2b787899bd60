import CacheProtocol
import Synchronization

/// The pool and the streams in it; everything that is not about one stream alone.
final class MemoryStore: Sendable {
    let configuration: MemoryPoolConfiguration
    let clock: MemoryClock
    let arena: PageArena
    let alarm = Alarm()
    let evictedStreams = Atomic<Int64>(0)
    let evictedBytes = Atomic<Int64>(0)
    let expiredStreams = Atomic<Int64>(0)
    /// Held for looking up and changing names only, never while bytes are moved or a stream's own lock is held by it.
    let directory = Mutex(Directory())
    private let workers: DigestWorkers?

    /// Takes the pool's memory.
    init(_ configuration: MemoryPoolConfiguration, clock: MemoryClock) throws(CacheError) {
        if let fault = configuration.fault {
            throw CacheError(.configuration, "The memory pool can't be made: \(fault).")
        }
        self.configuration = configuration
        self.clock = clock
        self.arena = try PageArena(
            pageSize: configuration.pageSize,
            pageCount: Int(configuration.capacity / Int64(configuration.pageSize)),
            preTouch: configuration.preTouch
        )
        self.workers = configuration.digest == .sha256 ? DigestWorkers(count: 2) : nil
    }

    deinit { self.arena.close() }

    // MARK: Readers

    /// Finds a stream for one more reader, who must leave again.
    func readerCame(_ id: StreamID) -> MemoryStream? { self.directory.withLock { $0.retain(id) } }

    /// A reader lets go of a stream.
    func readerLeft(_ stream: MemoryStream) { self.directory.withLock { $0.release(stream) } }

    // MARK: Writers

    /// Reserves a name.
    func claim(_ id: StreamID, _ options: WriteOptions) throws(CacheError) -> Claim {
        try self.checkExpectedSize(options, id)
        return try self.directory.withLock { directory throws(CacheError) in
            if directory.isClaimed(id), options.mode != .resume { throw CacheError.busy(id) }
            _ = try Self.decide(options.mode, directory.stream(id), id)
            return directory.claim(id, options)
        }
    }

    /// A writer goes away before it was opened.
    func giveUp(_ claim: Claim) { self.directory.withLock { $0.giveUp(claim) } }

    private enum Decision {
        case start
        case replace
        case goOn(MemoryStream)
    }

    /// What a writer has to do about the stream that is there.
    private static func decide(
        _ mode: WriteOptions.Mode,
        _ stream: MemoryStream?,
        _ id: StreamID
    ) throws(CacheError) -> Decision {
        guard let stream else { return .start }
        switch (stream.status.state, mode) {
        case (.removed, _): return .start
        case (.live, .resume), (.suspended, .resume): return .goOn(stream)
        case (.suspended, .overwrite), (.sealed, .overwrite): return .replace
        case (.live, _): throw CacheError.busy(id)
        case (.suspended, .create):
            throw CacheError(
                .streamExists,
                "The stream is suspended: an upload of it broke off. Resume it, overwrite it, or choose another id.",
                streamID: id
            )
        case (.sealed, _):
            throw CacheError(.streamExists, "The stream is sealed. Choose another id, or overwrite it.", streamID: id)
        }
    }

    /// Brings about the stream that a writer has reserved.
    func open(_ claim: Claim) throws(CacheError) -> (MemoryStream, WritePosition) {
        // The stream may be sealed, removed or expire between being found and being taken over; then look again.
        while true {
            switch try self.prepare(claim) {
            case .started(let stream, let dropped):
                for leaving in dropped { self.dispose(of: leaving) }
                return (stream, WritePosition(offset: 0, epoch: 1))
            case .found(let stream):
                guard let position = stream.takeOver(self.facts(claim)) else { continue }
                self.giveUp(claim)
                return (stream, position)
            }
        }
    }

    private enum Prepared {
        case started(MemoryStream, dropped: [Directory.Leaving])
        case found(MemoryStream)
    }

    private func prepare(_ claim: Claim) throws(CacheError) -> Prepared {
        let facts = self.facts(claim)
        return try self.directory.withLock { directory throws(CacheError) in
            guard directory.holds(claim) else { throw CacheError.takenOver(claim.id) }
            do throws(CacheError) {
                if case .goOn(let stream) = try Self.decide(claim.options.mode, directory.stream(claim.id), claim.id) {
                    return .found(stream)
                }
                var dropped: [Directory.Leaving] = []
                if directory.stream(claim.id) == nil, directory.count >= self.configuration.maximumStreams {
                    dropped.append(try self.evictForName(&directory, claim.id))
                }
                let stream = MemoryStream(
                    facts,
                    pageSize: self.configuration.pageSize,
                    digest: self.workers.map { StreamDigest($0) }
                )
                if let previous = directory.insert(stream) { dropped.append(previous) }
                directory.giveUp(claim)
                return .started(stream, dropped: dropped)
            } catch {
                directory.giveUp(claim)
                throw error
            }
        }
    }

    private func evictForName(_ directory: inout Directory, _ id: StreamID) throws(CacheError) -> Directory.Leaving {
        guard let victim = directory.evict() else {
            throw CacheError(
                .limit,
                "There are \(self.configuration.maximumStreams) streams, and each is being written, read or kept for "
                    + "resuming. Remove some, or raise maxStreams.",
                streamID: id
            )
        }
        self.count(evicted: victim.stream)
        return victim
    }

    private func facts(_ claim: Claim) -> StreamInfo {
        var facts = StreamInfo(id: claim.id, state: .live, size: 0, createdAt: self.clock.wall())
        facts.contentType = claim.options.contentType
        facts.timeToLiveSeconds = claim.options.timeToLiveSeconds ?? self.configuration.timeToLiveSeconds
        facts.metadata = claim.options.metadata
        return facts
    }

    /// Seals a stream once its digest is known and right; suspends it where that fails.
    func finish(
        _ stream: MemoryStream,
        epoch: Int64,
        expecting expected: SHA256Value?
    ) async throws(CacheError) -> StreamInfo {
        do throws(CacheError) {
            try stream.checkHolder(epoch)
            let sha256 = await stream.digest?.value(at: stream.status.size, of: stream)
            try stream.checkHolder(epoch)
            if let expected, let sha256, expected != sha256 {
                throw CacheError(
                    .digestMismatch,
                    "The stream has SHA-256 \(sha256), but its writer declared \(expected). It is suspended and its "
                        + "bytes are kept: look at them, then overwrite or remove it.",
                    streamID: stream.id
                )
            }
            let moment = self.clock.monotonic()
            let info = try stream.seal(epoch: epoch, sha256: sha256, sealedAt: self.clock.wall(), at: moment)
            self.directory.withLock { $0.mayBeIdle(stream) }
            self.setAlarm(for: stream)
            return info
        } catch {
            self.suspend(stream, epoch: epoch)
            throw error
        }
    }

    /// Keeps a stream whose writer went away.
    func suspend(_ stream: MemoryStream, epoch: Int64) {
        if stream.suspend(epoch: epoch, at: self.clock.monotonic()) { self.setAlarm(for: stream) }
    }

    /// Removes a stream at its writer's wish.
    func abort(_ stream: MemoryStream, epoch: Int64) throws(CacheError) {
        try stream.abort(epoch: epoch)
        _ = self.directory.withLock { $0.remove(stream) }
    }

    private func setAlarm(for stream: MemoryStream) {
        if let deadline = stream.deadline(suspendedSeconds: self.configuration.suspendedTimeToLiveSeconds) {
            self.alarm.set(deadline)
        }
    }

    // MARK: Anybody

    /// Removes a stream that nobody writes; who reads it keeps it.
    func remove(_ id: StreamID) throws(CacheError) {
        let stream = try self.directory.withLock { directory throws(CacheError) in
            if directory.isClaimed(id) { throw CacheError.busy(id) }
            return directory.stream(id)
        }
        switch stream?.remove() {
        case .removed: break
        case .busy: throw CacheError.busy(id)
        case .gone, nil: throw CacheError.notFound(id)
        }
        if let stream { self.takeOut(stream) }
    }

    /// Takes a stream out of the directory that was just removed.
    func takeOut(_ stream: MemoryStream) {
        if let leaving = self.directory.withLock({ $0.remove(stream) }) { self.dispose(of: leaving) }
    }

    /// Gives back the pages of a stream that is out of the directory, unless somebody is to finish reading it: then they
    /// come back when the last reader leaves.
    func dispose(of leaving: Directory.Leaving) {
        _ = leaving.stream.remove()
        if !leaving.isRead { leaving.stream.dropPages() }
    }

    func info(_ id: StreamID) throws(CacheError) -> StreamInfo {
        guard let info = self.directory.withLock({ $0.stream(id) })?.info, info.state != .removed else {
            throw CacheError.notFound(id)
        }
        return info
    }

    /// One page of a listing; the lock is held for a slice of the names at a time.
    func streams(matching filter: StreamFilter, after cursor: StreamID?, limit: Int) -> StreamPage {
        var found: [StreamInfo] = []
        var cursor = cursor
        while true {
            let streams = self.directory.withLock {
                $0.streams(after: cursor, prefix: filter.prefix, limit: Self.slice)
            }
            for stream in streams {
                let info = stream.info
                if info.state != .removed, filter.matches(info) {
                    if found.count == limit { return StreamPage(streams: found, next: found.last?.id) }
                    found.append(info)
                }
            }
            guard streams.count == Self.slice, let last = streams.last else { break }
            cursor = last.id
        }
        return StreamPage(streams: found, next: nil)
    }

    /// How many names are looked at without letting others have their turn.
    static let slice = 256
}

extension CacheError {
    static func busy(_ id: StreamID) -> CacheError {
        CacheError(
            .streamBusy,
            "A writer holds the stream. Wait until it has ended, or resume the stream.",
            streamID: id
        )
    }
}
