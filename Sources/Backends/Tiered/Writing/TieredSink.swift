import CacheProtocol
import Logging
import Synchronization

/// A writer's end: the hot tier's, with the cold one told of what was sealed.
final class TieredSink: StreamSink {
    private let store: TieredStore
    private let id: StreamID
    private let options: WriteOptions
    /// The hot tier's writer; `nil` once it has ended.
    private let writer: Mutex<StreamWriter?>

    init(store: TieredStore, id: StreamID, options: WriteOptions, writer: consuming StreamWriter) {
        self.store = store
        self.id = id
        self.options = options
        self.writer = Mutex(writer)
    }

    private var ended: CacheError { CacheError(.aborted, "The writer has ended.", streamID: self.id) }

    private func take() -> StreamWriter? { self.writer.withLock { $0.take() } }

    func open() -> Answer<WritePosition> {
        .later(Later { () async throws(CacheError) in try await self.begin() })
    }

    private func begin() async throws(CacheError) -> WritePosition {
        if try await self.store.makeRoom(for: self.id, self.options) == .lostInCold { try await self.takeOver() }
        // Before the hot tier erases what it has: what can't be replaced is not lost.
        if self.options.mode == .overwrite { try await self.removeCold() }
        guard let answer = self.writer.withLock({ $0?.opened() }) else { throw self.ended }
        do throws(CacheError) {
            return try await answer.value()
        } catch {
            if self.options.mode == .overwrite { await self.store.adopt(self.id) }
            throw error
        }
    }

    private func removeCold() async throws(CacheError) {
        do throws(CacheError) {
            _ = try await self.store.cold.remove(self.id)
        } catch {
            // The name is let go of, and nothing of the stream has been touched.
            _ = self.take()
            await self.store.adopt(self.id)
            throw CacheError(
                error.code,
                "The stream in the cold tier can't be replaced: \(error.message)",
                streamID: self.id,
                cause: error
            )
        }
    }

    /// Removes what the hot tier has of a stream that the cold one has not got any more, so that the name is free.
    private func takeOver() async throws(CacheError) {
        // The name is let go of first: nothing can be removed from under a writer.
        guard self.take() != nil else { throw self.ended }
        guard try await self.store.followRemoval(of: self.id) else {
            throw CacheError(
                .streamExists,
                "The cold tier has not got this stream any more, and nothing says that it was removed there: it is kept, and "
                    + "not served. Choose another id, overwrite it, or remove it.",
                streamID: self.id
            )
        }
        let (hot, id, options) = (self.store.hot, self.id, self.options)
        try self.writer.withLock { writer throws(CacheError) in writer = try hot.makeWriter(for: id, options: options) }
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        let result = try self.writer.withLock { writer throws(CacheError) in
            try writer?.append(count: count, filling: fill)
        }
        guard let result else { throw self.ended }
        return result
    }

    func flush() { self.writer.withLock { $0?.flush() } }

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        guard let writer = self.take() else { throw self.ended }
        return await self.store.sealed(try await writer.finish(expecting: sha256).value())
    }

    func abort() async throws(CacheError) {
        guard let writer = self.take() else { return }
        try await writer.abort().value()
    }

    func suspend() { _ = self.take() }
}

extension TieredStore {
    /// What a writer finds under its name.
    enum Room {
        /// What the hot tier lets it have.
        case ready
        /// A stream of the hot tier which the cold one had, and has not got any more.
        case lostInCold
    }

    /// Sees to it that a name is free for a writer: that the cold tier has no stream of it, as far as it can be asked,
    /// and that the ledger says nothing of an earlier one.
    func makeRoom(for id: StreamID, _ options: WriteOptions) async throws(CacheError) -> Room {
        if options.mode != .overwrite {
            // Looked up first: what is copied while the cold tier is asked has not gone from there.
            let place = try self.ledger.place(id)
            let answer = try await self.coldAnswer(about: id)
            if case .found(let info) = answer, info.state == .sealed {
                throw CacheError(
                    .streamExists,
                    "The stream is sealed. Choose another id, or overwrite it.",
                    streamID: id
                )
            }
            if answer == .nothing, place == .copied || place == .missing,
                try await self.hotInfo(id)?.state == .sealed
            {
                return .lostInCold
            }
        }
        // A name with a stream in the hot tier that is to stay is refused there; its row must stay, too.
        let isNew = try await self.hotInfo(id) == nil
        guard isNew || options.mode == .overwrite else { return .ready }
        try self.ledger.forget(id)
        self.checks.forget(id)
        await self.copies.finished(id)
        return .ready
    }

    private enum ColdAnswer: Equatable {
        case nothing
        case found(StreamInfo)
        case away
    }

    private func coldAnswer(about id: StreamID) async throws(CacheError) -> ColdAnswer {
        do throws(CacheError) {
            guard let info = try await self.cold.check(id) else { return .nothing }
            return .found(info)
        } catch {
            // Uploads go on while the cold tier is away. Two streams of one name are told apart when it is back.
            guard ColdTier.isAway(error) else { throw error }
            return .away
        }
    }

    /// The hot tier has sealed a stream: the cold one is to have it.
    ///
    /// - Returns: The facts to acknowledge.
    func sealed(_ info: StreamInfo) async -> StreamInfo {
        do throws(CacheError) {
            try self.ledger.note(info.id, .pending, size: info.size, at: self.clock.wall())
        } catch {
            // The stream is sealed and stays where it is; the next start finds that the ledger lacks it.
            self.logger.error(
                "a sealed stream can't be noted",
                metadata: ["stream": "\(info.id)", "error": "\(error)"]
            )
        }
        self.copies.wake()
        guard self.configuration.acknowledgement == .cold else { return info }
        let isCopied = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.copies.copied(info.id) { (try? self.ledger.place(info.id)) == .copied }
            }
            group.addTask {
                try? await self.clock.sleep(self.configuration.acknowledgementTimeoutMilliseconds)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        guard isCopied else { return info }
        var acknowledged = info
        acknowledged.durability = .tier
        return acknowledged
    }
}
