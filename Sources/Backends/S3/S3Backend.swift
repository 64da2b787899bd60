public import CacheProtocol
public import Logging

/// Streams as objects in an S3-compatible store.
///
/// A stream is written once and read by ranges. Its facts are the object's metadata, so the store alone tells all that
/// is known. There are no live reads, and a stream that broke off is kept as far as it came but can't be gone on with:
/// use it behind a backend that can, see `TieredBackend`.
public struct S3Backend: CacheBackend, IdentifiedStore, ReadingAhead {
    /// The name that configurations use.
    public static let type = "s3"

    let store: S3Store

    /// Makes a backend; nothing is asked of the store yet.
    ///
    /// - Parameters:
    ///   - configuration: Where streams are kept, and how they are asked for.
    ///   - credentials: Who asks.
    ///   - logger: Where to log; never told a secret.
    public init(configuration: S3Configuration, credentials: S3Credentials, logger: Logger) {
        self.init(configuration: configuration, credentials: credentials, clock: .system, logger: logger)
    }

    init(configuration: S3Configuration, credentials: S3Credentials, clock: S3Clock, logger: Logger) {
        self.store = S3Store(configuration, credentials: credentials, clock: clock, logger: logger)
    }

    /// See ``/CacheProtocol/CacheBackend/capabilities``.
    public var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.durability = .tier
        capabilities.listing = .native
        capabilities.digests = .native
        capabilities.timeToLive = .emulated
        capabilities.metadata = .native
        capabilities.copies = .native
        capabilities.maximumStreamSize = self.store.configuration.maximumStreamSize
        return capabilities
    }

    /// See ``/CacheProtocol/CacheBackend/makeWriter(for:options:)``; other processes' writers are found out when the stream is opened
    /// or sealed.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        let upload = S3Upload(id, options, in: self.store)
        try self.store.names.claim(id, for: upload)
        return StreamWriter(S3Sink(upload, maximumSize: self.store.configuration.maximumStreamSize))
    }

    /// See ``/CacheProtocol/CacheBackend/makeReader(for:)``.
    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(S3Source(store: self.store, id: id, longestAhead: self.store.configuration.readAheadSize))
    }

    /// See ``/CacheProtocol/ReadingAhead/makeExactReader(for:)``.
    public func makeExactReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(S3Source(store: self.store, id: id, longestAhead: 0))
    }

    /// See ``/CacheProtocol/CacheBackend/streams(matching:after:limit:)``. The store is asked about each stream of the page.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.store.streams(matching: filter, after: cursor, limit: max(1, limit))
    }

    /// See ``/CacheProtocol/CacheBackend/info(_:)``.
    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.store.info(id) }

    /// See ``/CacheProtocol/CacheBackend/remove(_:)``. Of several processes that remove one stream at once, more than one may succeed.
    public func remove(_ id: StreamID) async throws(CacheError) { try await self.store.remove(id) }

    /// See ``/CacheProtocol/CacheBackend/health()``: requests that were made, made again and failed, and uploads at work. The store's
    /// trouble is a problem from the request on that it kept from being done to the next one that is.
    public func health() async -> BackendHealth {
        let tallies = self.store.client.tallies.current
        return BackendHealth(
            problems: tallies.trouble.map { ["\($0.problem): \(self.store.error($0).message)"] } ?? [],
            gauges: [
                "store_requests_total": tallies.requests,
                "store_retries_total": tallies.retries,
                "store_failures_total": tallies.failures,
                "uploads_open": Int64(self.store.names.uploadCount),
            ]
        )
    }

    /// See ``/CacheProtocol/IdentifiedStore/storeIdentity()``: what is in the object `store-id`, beside the streams.
    public func storeIdentity() async throws(CacheError) -> String { try await self.store.identity() }

    /// See ``/CacheProtocol/CacheBackend/run()``: sends what writers have, aborts uploads that nobody completed, and removes streams
    /// whose time is over.
    ///
    /// - Throws: ``/CacheProtocol/CacheError`` with code `configuration` where there is no such bucket, or the store does not let us in.
    public func run() async throws { try await self.store.run() }
}
