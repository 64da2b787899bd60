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
        try await self.store.makeRoom(for: self.id, self.options)
        guard let answer = self.writer.withLock({ $0?.opened() }) else { throw self.ended }
        let position = try await answer.value()
        guard self.options.mode == .overwrite else { return position }
        do throws(CacheError) {
            _ = try await self.store.cold.remove(self.id)
            return position
        } catch {
            if let writer = self.take() { try? await writer.abort().value() }
            throw CacheError(
                error.code,
                "The stream in the cold tier can't be replaced: \(error.message)",
                streamID: self.id,
                cause: error
            )
        }
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
    /// Sees to it that a name is free for a writer: that the cold tier has no stream of it, as far as it can be asked,
    /// and that the ledger says nothing of an earlier one.
    func makeRoom(for id: StreamID, _ options: WriteOptions) async throws(CacheError) {
        if options.mode != .overwrite {
            var found: StreamInfo?
            do throws(CacheError) {
                found = try await self.cold.check(id)
            } catch {
                // Uploads go on while the cold tier is away. Two streams of one name are told apart when it is back.
                guard ColdTier.isAway(error) else { throw error }
            }
            if found?.state == .sealed {
                throw CacheError(
                    .streamExists,
                    "The stream is sealed. Choose another id, or overwrite it.",
                    streamID: id
                )
            }
        }
        // A name with a stream in the hot tier that is to stay is refused there; its row must stay, too.
        let isNew = try await self.hotInfo(id) == nil
        guard isNew || options.mode == .overwrite else { return }
        try self.ledger.forget(id)
        self.checks.forget(id)
        await self.copies.finished(id)
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
