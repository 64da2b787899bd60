public import CacheProtocol

/// Streams in memory: in pages of one size out of a pool that is taken at start, recycled, and never grows.
///
/// Received bytes are written straight into pages, and reads lend them without a copy. When the pool is full, the
/// sealed streams that nobody has read for longest go first; a stream that is being written or read, or kept for
/// resuming, never goes, and where nothing can go, an append is refused with `storage_full` and takes nothing.
///
/// Nothing survives the process.
public struct MemoryPoolBackend: CacheBackend {
    /// The name that configurations use.
    public static let type = "memory"

    let store: MemoryStore

    /// Takes the pool's memory.
    ///
    /// - Parameter configuration: How streams are kept.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `configuration` where the values make no sense, or the system has not got so
    ///   much memory.
    public init(configuration: MemoryPoolConfiguration = MemoryPoolConfiguration()) throws(CacheError) {
        try self.init(configuration: configuration, clock: .system)
    }

    init(configuration: MemoryPoolConfiguration, clock: MemoryClock) throws(CacheError) {
        self.store = try MemoryStore(configuration, clock: clock)
    }

    /// See ``/CacheProtocol/CacheBackend/capabilities``.
    public var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = .native
        capabilities.digests = self.store.configuration.digest == .none ? .none : .native
        capabilities.timeToLive = .native
        capabilities.metadata = .native
        capabilities.eviction = .native
        capabilities.maximumStreamSize = self.store.configuration.capacity
        return capabilities
    }

    /// See ``/CacheProtocol/CacheBackend/makeWriter(for:options:)``; a stream that the pool could not hold is refused at once.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        StreamWriter(MemorySink(store: self.store, claim: try self.store.claim(id, options)))
    }

    /// See ``/CacheProtocol/CacheBackend/makeReader(for:)``.
    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(MemorySource(store: self.store, id: id))
    }

    /// See ``/CacheProtocol/CacheBackend/streams(matching:after:limit:)``.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        self.store.streams(matching: filter, after: cursor, limit: max(1, limit))
    }

    /// See ``/CacheProtocol/CacheBackend/info(_:)``.
    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try self.store.info(id) }

    /// See ``/CacheProtocol/CacheBackend/remove(_:)``; who reads the stream finishes with it, and its pages come back after that.
    public func remove(_ id: StreamID) async throws(CacheError) { try self.store.remove(id) }

    /// See ``/CacheProtocol/CacheBackend/health()``: the pool's size, what is used, free and evictable of it, and the most ever used.
    public func health() async -> BackendHealth { self.store.health }

    /// See ``/CacheProtocol/CacheBackend/run()``: removes what has expired, when it has.
    public func run() async throws { await self.store.run() }
}
