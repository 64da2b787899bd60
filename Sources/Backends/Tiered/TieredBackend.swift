public import CacheProtocol
public import Logging
import Synchronization

/// A fast backend in front of a durable one that others share.
///
/// Uploads and live reads are the hot tier's. A sealed stream is copied to the cold one in the background, and verified
/// there; only then may the hot tier let go of it. What only the cold tier has is read by ranges at once, and fills the
/// hot tier as it is read. Several gateways with hot tiers of their own over one cold tier each serve every sealed
/// stream.
///
/// While the cold tier is out of reach, uploads and reads of the hot tier go on, and copies wait.
public struct TieredBackend: CacheBackend {
    /// The name that configurations use.
    public static let type = "tiered"

    let store: TieredStore

    /// Puts one backend in front of another. Both are run by this one.
    ///
    /// - Parameters:
    ///   - hot: Takes uploads; it computes digests, and asks before it evicts (``/CacheProtocol/GuardedEviction``) or does not evict.
    ///   - cold: Keeps streams for good; it keeps a copy's times (``/CacheProtocol/Capabilities/copies``).
    ///   - configuration: How they are treated.
    ///   - logger: Where to log.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `configuration` where a backend can't be that tier; `io` or `storage_full`
    ///   where the ledger can't be used.
    public init(
        hot: any CacheBackend,
        cold: any CacheBackend,
        configuration: TieredConfiguration,
        logger: Logger
    ) throws(CacheError) {
        try self.init(hot: hot, cold: cold, configuration: configuration, clock: .system, logger: logger)
    }

    init(
        hot: any CacheBackend,
        cold: any CacheBackend,
        configuration: TieredConfiguration,
        clock: TierClock,
        logger: Logger
    ) throws(CacheError) {
        if let fault = Self.fault(hot: hot, cold: cold.capabilities) { throw CacheError(.configuration, fault) }
        self.store = try TieredStore(hot: hot, cold: cold, configuration: configuration, clock: clock, logger: logger)
    }

    private static func fault(hot: any CacheBackend, cold: Capabilities) -> String? {
        if hot.capabilities.digests == .none { return "The hot tier computes no digests: set its digest to sha256." }
        if hot.capabilities.listing == .none { return "The hot tier can't list its streams." }
        if hot.capabilities.eviction != .none, !(hot is any GuardedEviction) {
            return "The hot tier could evict the only copy of a stream. Use sqlite or mmap as hot tier."
        }
        if cold.copies == .none || cold.digests == .none || !cold.isPersistent {
            return "The cold tier must keep copies with their times and digests. Use s3, sqlite or mmap as cold tier."
        }
        if cold.eviction != .none {
            return "The cold tier would evict streams that nobody else has. Set its evict to false."
        }
        return nil
    }

    /// See ``/CacheProtocol/CacheBackend/capabilities``. Nothing is evicted for good, so there is no eviction to speak of.
    public var capabilities: Capabilities {
        let (hot, cold) = (self.store.hot.capabilities, self.store.cold.backend.capabilities)
        var capabilities = hot
        capabilities.durability = self.store.configuration.acknowledgement == .cold ? .tier : hot.durability
        capabilities.listing = cold.listing
        capabilities.metadata = cold.metadata == .none ? .none : hot.metadata
        capabilities.eviction = .none
        capabilities.copies = .none
        capabilities.maximumStreamSize = [hot.maximumStreamSize, cold.maximumStreamSize].compactMap { $0 }.min()
        return capabilities
    }

    /// See ``/CacheProtocol/CacheBackend/makeWriter(for:options:)``.
    public func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        if self.store.fills.stream(id) != nil {
            // The hot tier would take its own filling for a writer.
            let isReplaced = options.mode == .overwrite
            throw CacheError(
                isReplaced ? .streamBusy : .streamExists,
                isReplaced
                    ? "The stream is being read from the cold tier. Try again when nobody reads it."
                    : "The stream is sealed. Choose another id, or overwrite it.",
                streamID: id
            )
        }
        let writer = try self.store.hot.makeWriter(for: id, options: options)
        return StreamWriter(TieredSink(store: self.store, id: id, options: options, writer: writer))
    }

    /// See ``/CacheProtocol/CacheBackend/makeReader(for:)``.
    public func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(TieredSource(store: self.store, id: id))
    }

    /// See ``/CacheProtocol/CacheBackend/streams(matching:after:limit:)``: the streams of both tiers. Fails while the cold one is out of
    /// reach, rather than leave out what it has.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.store.streams(matching: filter, after: cursor, limit: max(1, limit))
    }

    /// See ``/CacheProtocol/CacheBackend/info(_:)``.
    public func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.store.info(id) }

    /// See ``/CacheProtocol/CacheBackend/remove(_:)``: from both tiers; other gateways find out when they next ask the cold one.
    public func remove(_ id: StreamID) async throws(CacheError) { try await self.store.remove(id) }

    /// See ``/CacheProtocol/CacheBackend/health()``: the hot tier's figures and the cold one's (`cold_…`), what waits to be copied and
    /// since when, and how often copying failed. A cold tier that is out of reach, or full, for long is a problem.
    public func health() async -> BackendHealth {
        var health = await self.store.hot.health()
        let cold = await self.store.cold.backend.health()
        for (name, value) in cold.gauges { health.gauges["cold_\(name)"] = value }
        let totals = (try? self.store.ledger.totals()) ?? Ledger.Totals()
        let now = self.store.clock.wall().millisecondsSinceEpoch
        let oldest = totals.oldestPending.map { max(0, now - $0.millisecondsSinceEpoch) / 1_000 } ?? 0
        health.gauges["tier_pending_streams"] = totals.pendingStreams
        health.gauges["tier_pending_bytes"] = totals.pendingBytes
        health.gauges["tier_oldest_pending_seconds"] = oldest
        health.gauges["tier_conflicts"] = totals.conflicts
        health.gauges["tier_failures_total"] = self.store.cold.failures
        health.gauges["tier_damaged_copies_total"] = self.store.damagedCopies.load(ordering: .relaxed)
        health.gauges["tier_cold_reads_open"] = Int64(self.store.fills.count)
        let outage = self.store.cold.outage
        health.gauges["tier_out_of_reach_seconds"] = (outage?.milliseconds ?? 0) / 1_000
        let full = self.store.cold.fullMilliseconds
        health.gauges["tier_store_full_seconds"] = (full ?? 0) / 1_000
        if let full, full >= self.store.configuration.outageSeconds * 1_000 {
            health.problems.append(
                "store_full: The cold tier has had no room for \(full / 1_000) s, and \(totals.pendingStreams) streams wait "
                    + "to be copied. Make room in the store, or raise the quota."
            )
        }
        if let outage, outage.milliseconds >= self.store.configuration.outageSeconds * 1_000 {
            health.problems.append(
                "store_unreachable: The cold tier has been out of reach for \(outage.milliseconds / 1_000) s, and \(totals.pendingStreams) "
                    + "streams wait to be copied: \(outage.failure.message)"
            )
        }
        return health
    }

    /// See ``/CacheProtocol/CacheBackend/run()``: runs both tiers, compares them with the ledger, and copies what is due.
    public func run() async throws { try await self.store.run() }
}
