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
    /// The threads that wait for devices on behalf of somebody.
    let workers: FileWorkers
    /// The thread for what nobody waits for: recovery and upkeep.
    let background = FileWorkers(count: 1)
    let clock: FileClock
    let logger: Logger
    let table = StreamTable()
    let touches = TouchLog()
    let budget: StorageBudget
    let evictor = Mutex(Evictor())
    /// Held by the file that grows where space is scarce; see ``spaceForAll``.
    let growing = Mutex(())
    let upkeepState: Mutex<UpkeepState>
    private let mayEvict = Mutex<(@Sendable (StreamID) -> Bool)?>(nil)
    let recoveryCounter = RecoveryCounter()

    /// A store over a directory that was opened and locked.
    ///
    /// - Parameters:
    ///   - configuration: How streams are kept.
    ///   - directory: Where they are kept.
    ///   - catalog: Who remembers them.
    ///   - clock: The clocks.
    ///   - logger: Where to report what was found and mended.
    public init(
        configuration: FileStoreConfiguration,
        directory: CacheDirectory,
        catalog: any StreamCatalog,
        clock: FileClock = .system,
        logger: Logger
    ) {
        self.configuration = configuration
        self.directory = directory
        self.catalog = catalog
        self.calls = directory.calls
        self.workers = FileWorkers(count: configuration.ioThreads)
        self.clock = clock
        self.logger = logger
        self.budget = StorageBudget(
            maximumBytes: configuration.maximumBytes,
            maximumStreams: configuration.maximumStreams
        )
        let (wall, monotonic) = clock.moment()
        self.upkeepState = Mutex(UpkeepState(time: ExpiryTime(wall: wall, monotonic: monotonic)))
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
        capabilities.copies = self.configuration.digest == .none ? .none : .native
        // Where a listing reads the whole directory, so does looking for what is to go.
        capabilities.timeToLive = self.catalog.listing
        capabilities.eviction = self.configuration.evicts ? self.catalog.listing : .none
        capabilities.maximumStreamSize = self.configuration.largestStream
        return capabilities
    }

    /// See ``CacheBackend/makeWriter(for:options:)``.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        if let size = options.expectedSize, size > self.configuration.largestStream {
            throw CacheError(
                .streamTooLarge,
                "\(size) bytes were announced; \(self.configuration.largestStream) are accepted (maxStreamBytes, maxBytes).",
                streamID: id
            )
        }
        try self.directory.attributeRoom.check(options, for: id)
        guard let reservation = self.table.reserve(id, options, now: self.clock.wall()) else {
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
        if let stream = self.table.stream(id) { return self.current(stream.info) }
        let info = try await self.workers.perform { () throws(CacheError) in try self.catalog.info(id) }
        guard let info else { throw self.notFound(id) }
        // A writer or reader may have brought it in since.
        return self.current(self.table.stream(id)?.info ?? info)
    }

    /// Adds what only memory knows.
    private func current(_ info: StreamInfo) -> StreamInfo {
        guard let time = self.touches.time(of: info.id) else { return info }
        var info = info
        info.lastReadAt = max(time, info.lastReadAt ?? time)
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
                var page = try self.catalog.streams(matching: catalogFilter, after: after, limit: limit)
                for index in page.streams.indices {
                    page.streams[index] = try self.newer(than: page.streams[index])
                }
                return page
            }
            for info in page.streams {
                let current = self.current(info)
                guard current.state != .removed, filter.matches(current) else { continue }
                guard streams.count < limit else { return StreamPage(streams: streams, next: streams.last?.id) }
                streams.append(current)
            }
            guard let next = page.next else { return StreamPage(streams: streams, next: nil) }
            cursor = next
            if streams.count == limit { return StreamPage(streams: streams, next: next) }
        }
    }

    /// What is known of a listed stream at this moment. What the catalog says of an unfinished one may be from before its
    /// writer let go of it.
    private func newer(than listed: StreamInfo) throws(CacheError) -> StreamInfo {
        if let stream = self.table.stream(listed.id) { return stream.info }
        guard listed.state == .suspended else { return listed }
        if let info = try self.catalog.info(listed.id) { return info }
        var gone = listed
        gone.state = .removed
        return gone
    }

    /// See ``CacheBackend/remove(_:)``.
    public func remove(_ id: StreamID) async throws(CacheError) {
        guard await self.table.claimWaiting(id) else {
            throw CacheError(
                .streamBusy,
                "The stream is being written. Abort the upload, or wait until it is done.",
                streamID: id
            )
        }
        defer { self.close(self.table.unclaim(id)) }
        let isFound = try await self.workers.perform { () throws(CacheError) in try self.erase(id) }
        guard isFound else { throw self.notFound(id) }
    }

    /// Returns when every writer's bytes are stored and its stream is sealed or suspended.
    public func drained() async { await self.table.drained() }

    // MARK: What is open

    func notFound(_ id: StreamID) -> CacheError {
        CacheError(.streamNotFound, "There is no such stream.", streamID: id)
    }

    /// Lets go of a stream that nobody holds any more. The last reference closes the file, which is not for an event
    /// loop to do.
    func close(_ stream: StreamFile?) {
        if let stream { self.workers.submit { withExtendedLifetime(stream) {} } }
    }

    /// The stream, where it is open already, held for one more reader.
    func retainOpenStream(_ id: StreamID) -> StreamFile? {
        guard let stream = self.table.retain(id) else { return nil }
        self.touches.touch(id, at: self.clock.wall())
        return stream
    }

    /// Lets go of a stream that was held for a reader.
    func release(_ stream: StreamFile) {
        if stream.state != .removed { self.touches.touch(stream.id, at: self.clock.wall()) }
        self.close(self.table.release(stream))
    }

    /// A writer has let go of its stream, or never got it.
    ///
    /// - Parameter change: See ``StreamTable/giveUp(_:_:)``.
    func giveUp(_ reservation: WriteReservation, _ change: () -> Void = {}) {
        self.close(self.table.giveUp(reservation, change))
    }

    // MARK: Guarded eviction

    /// Sets who is asked before a sealed stream makes room for others; see ``GuardedEviction``.
    ///
    /// - Parameter mayEvict: Returns whether the stream may go.
    public func guardEviction(by mayEvict: @escaping @Sendable (StreamID) -> Bool) {
        self.mayEvict.withLock { $0 = mayEvict }
    }

    /// Whether a sealed stream may make room for others.
    func mayEvict(_ id: StreamID) -> Bool { self.mayEvict.withLock { $0 }?(id) ?? true }
}
