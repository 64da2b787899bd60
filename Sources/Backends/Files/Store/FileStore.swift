public import CacheProtocol
public import Logging
import Synchronization

/// Streams as files in one directory, for every backend that keeps them so. What there is and what is known about it
/// is the business of a ``StreamCatalog``.
///
/// `open` here means: held by a writer or a reader of this process. Only open streams are in memory.
public final class FileStore: Sendable {
    let configuration: FileStoreConfiguration
    let directory: CacheDirectory
    let catalog: any StreamCatalog
    let calls: any FileCalls
    let workers: FileWorkers
    let clock: @Sendable () -> Timestamp
    let logger: Logger
    private let table = Mutex(Table())

    private struct Table {
        var slots: [StreamID: Slot] = [:]
        /// Ever higher, so that a writer's epoch is unlike that of any writer of the same stream before it.
        var lastEpoch: Int64 = 0
        var writers = 0
        var draining: [CheckedContinuation<Void, Never>] = []
    }

    /// What is open under one name.
    private struct Slot {
        var stream: StreamFile?
        var writer: WriteReservation?
        var readers = 0
        var isRemoving = false
        var isIdle: Bool { self.writer == nil && self.readers == 0 && !self.isRemoving }
    }

    /// A store over a directory that was opened and locked.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - directory: Where they are kept.
    ///   - catalog: Who remembers them.
    ///   - clock: The wall clock.
    ///   - logger: Where to report what was found and mended.
    public init(
        configuration: FileStoreConfiguration,
        directory: CacheDirectory,
        catalog: any StreamCatalog,
        clock: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.configuration = configuration
        self.directory = directory
        self.catalog = catalog
        self.calls = directory.calls
        self.workers = FileWorkers(count: configuration.ioThreads)
        self.clock = clock
        self.logger = logger
    }

    // MARK: The contract

    /// What every such backend can do; its own traits are for it to add.
    public var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.durability = self.configuration.durability
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = self.catalog.listing
        capabilities.digests = self.configuration.digest == .none ? .none : .native
        capabilities.metadata = .native
        capabilities.maximumStreamSize = self.configuration.maximumStreamSize
        return capabilities
    }

    /// See ``CacheBackend/makeWriter(for:options:)``.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        if let size = options.expectedSize, size > self.configuration.maximumStreamSize {
            throw CacheError(
                .streamTooLarge,
                "\(size) bytes were announced; \(self.configuration.maximumStreamSize) are accepted (maxStreamBytes).",
                streamID: id
            )
        }
        let reservation = self.table.withLock { table -> WriteReservation? in
            var slot = table.slots[id] ?? Slot()
            guard !slot.isRemoving else { return nil }
            guard slot.writer == nil || options.mode == .resume else { return nil }
            table.lastEpoch = max(table.lastEpoch + 1, self.clock().millisecondsSinceEpoch)
            let reservation = WriteReservation(
                id: id,
                options: options,
                epoch: table.lastEpoch,
                predecessor: slot.writer
            )
            slot.writer = reservation
            table.slots[id] = slot
            table.writers += 1
            return reservation
        }
        guard let reservation else {
            throw CacheError(
                .streamBusy,
                "Another connection writes the stream. Wait until it is done, or resume to take it over.",
                streamID: id
            )
        }
        return StreamWriter(FileSink(store: self, reservation: reservation))
    }

    /// See ``CacheBackend/makeReader(for:)``.
    public func makeReader(for id: StreamID) -> StreamReader { StreamReader(FileSource(store: self, id: id)) }

    /// See ``CacheBackend/info(_:)``.
    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo {
        if let stream = self.openStream(id) { return stream.info }
        let info = try await self.workers.perform { () throws(CacheError) in try self.catalog.info(id) }
        guard let info else { throw self.notFound(id) }
        return info
    }

    /// See ``CacheBackend/streams(matching:after:limit:)``.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        // The catalog cannot tell live from suspended; a page of either is picked from both.
        var stored = filter
        if filter.state == .live || filter.state == .suspended { stored.state = .suspended }
        var streams: [StreamInfo] = []
        var cursor = cursor
        while true {
            let (catalogFilter, after) = (stored, cursor)
            let page = try await self.workers.perform { () throws(CacheError) in
                try self.catalog.streams(matching: catalogFilter, after: after, limit: limit)
            }
            for info in page.streams {
                let current = self.openStream(info.id)?.info ?? info
                guard current.state != .removed, filter.matches(current) else { continue }
                guard streams.count < limit else { return StreamPage(streams: streams, next: streams.last?.id) }
                streams.append(current)
            }
            guard let next = page.next else { return StreamPage(streams: streams, next: nil) }
            cursor = next
            if streams.count == limit { return StreamPage(streams: streams, next: next) }
        }
    }

    /// See ``CacheBackend/remove(_:)``.
    public func remove(_ id: StreamID) async throws(CacheError) {
        let isBusy = self.table.withLock { table -> Bool in
            var slot = table.slots[id] ?? Slot()
            guard slot.writer == nil, !slot.isRemoving else { return true }
            slot.isRemoving = true
            table.slots[id] = slot
            return false
        }
        guard !isBusy else {
            throw CacheError(
                .streamBusy,
                "The stream is being written or removed. Abort the upload, or wait until it is done.",
                streamID: id
            )
        }
        defer { self.update(id) { $0.isRemoving = false } }
        let isFound = try await self.workers.perform { () throws(CacheError) in try self.erase(id) }
        guard isFound else { throw self.notFound(id) }
    }

    /// See ``CacheBackend/health()``.
    public func health() async -> BackendHealth {
        var health = BackendHealth()
        let (open, writers) = self.table.withLock { ($0.slots.count, $0.writers) }
        health.gauges["streams_open"] = Int64(open)
        health.gauges["streams_written"] = Int64(writers)
        do throws(CacheError) {
            let free = try await self.workers.perform { () throws(CacheError) in
                do throws(SystemCallError) {
                    return try self.calls.freeBytes(of: self.directory.handle)
                } catch {
                    throw error.cacheError()
                }
            }
            health.gauges["free_bytes"] = free
            if free < self.configuration.minimumFreeBytes {
                health.problems.append("storage_full: \(free) bytes are free in \(self.directory.path).")
            }
        } catch {
            health.problems.append("\(error)")
        }
        return health
    }

    /// Returns when every writer's bytes are stored and its stream is sealed or suspended.
    public func drained() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDrained = self.table.withLock { table -> Bool in
                guard table.writers > 0 else { return true }
                table.draining.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    // MARK: What is open

    func notFound(_ id: StreamID) -> CacheError {
        CacheError(.streamNotFound, "There is no such stream.", streamID: id)
    }

    /// Changes what is open under a name, and forgets the name where nothing is open any more.
    private func update(_ id: StreamID, _ body: (inout Slot) -> Void) {
        let idle = self.table.withLock { table -> StreamFile? in
            guard var slot = table.slots[id] else { return nil }
            body(&slot)
            table.slots[id] = slot.isIdle ? nil : slot
            return slot.isIdle ? slot.stream : nil
        }
        // The last reference closes the file, which is not for an event loop to do.
        if let idle { self.workers.submit { withExtendedLifetime(idle) {} } }
    }

    func openStream(_ id: StreamID) -> StreamFile? { self.table.withLock { $0.slots[id]?.stream } }

    /// The stream, where it is open already, held for one more reader.
    func retainOpenStream(_ id: StreamID) -> StreamFile? {
        self.table.withLock { table in
            guard let stream = table.slots[id]?.stream else { return nil }
            table.slots[id]?.readers += 1
            return stream
        }
    }

    /// Puts a stream among the open ones, unless it came in by another way meanwhile; that one is returned then.
    func adopt(_ stream: StreamFile, forReader: Bool) -> StreamFile {
        self.table.withLock { table in
            var slot = table.slots[stream.id] ?? Slot()
            let adopted = slot.stream ?? stream
            slot.stream = adopted
            if forReader { slot.readers += 1 }
            table.slots[stream.id] = slot
            return adopted
        }
    }

    /// Lets go of a stream that was held for a reader.
    func release(_ stream: StreamFile) {
        self.update(stream.id) { slot in
            if slot.stream === stream { slot.readers -= 1 }
        }
    }

    /// Takes a stream out from among the open ones; who holds it keeps it.
    func detach(_ id: StreamID) -> StreamFile? {
        self.table.withLock { table in
            let stream = table.slots[id]?.stream
            table.slots[id]?.stream = nil
            table.slots[id]?.readers = 0
            return stream
        }
    }

    /// A writer has let go of its stream, or never got it.
    func giveUp(_ reservation: WriteReservation) {
        self.update(reservation.id) { slot in
            if slot.writer === reservation { slot.writer = nil }
        }
        let draining = self.table.withLock { table -> [CheckedContinuation<Void, Never>] in
            table.writers -= 1
            guard table.writers == 0 else { return [] }
            defer { table.draining = [] }
            return table.draining
        }
        for continuation in draining { continuation.resume() }
    }
}
