import CacheProtocol
import Logging
import Synchronization

/// Two tiers and what is known about where streams are: what all writers and readers of a backend share.
final class TieredStore: Sendable {
    let hot: any CacheBackend
    let cold: ColdTier
    let ledger: Ledger
    let configuration: TieredConfiguration
    let clock: TierClock
    let logger: Logger
    let jobs = JobQueue()
    let copies: CopyBoard
    let fills = FillTable()
    let checks = RecentChecks()
    let damagedCopies = Atomic<Int64>(0)

    init(
        hot: any CacheBackend,
        cold: any CacheBackend,
        configuration: TieredConfiguration,
        clock: TierClock,
        logger: Logger
    ) throws(CacheError) {
        let (ledger, copies) = (try Ledger(path: configuration.ledger), CopyBoard())
        (self.ledger, self.copies) = (ledger, copies)
        self.hot = hot
        self.cold = ColdTier(
            cold,
            clock: clock,
            pauseMilliseconds: configuration.pauseMilliseconds,
            checkMilliseconds: configuration.checkMilliseconds
        ) {
            // What was put off need not wait any longer.
            try? ledger.hasten(to: clock.wall())
            copies.wake()
        }
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        // Never the only copy: without the ledger's word that the cold tier has it, a stream stays.
        (hot as? any GuardedEviction)?.guardEviction { id in (try? ledger.place(id)) == .copied }
    }

    func notFound(_ id: StreamID) -> CacheError {
        CacheError(.streamNotFound, "Neither tier has this stream.", streamID: id)
    }

    /// What the hot tier knows of a stream; `nil` where it has none, or only a part of one that the cold tier has.
    func hotInfo(_ id: StreamID) async throws(CacheError) -> StreamInfo? {
        do throws(CacheError) {
            let info = try await self.hot.info(id)
            // A part is looked at after the facts: one that became a whole in between is one.
            if info.state != .sealed, self.fills.stream(id) != nil { return nil }
            return info
        } catch {
            if error.code == .streamNotFound { return nil }
            throw error
        }
    }

    // MARK: Facts

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo {
        if let info = try await self.hotInfo(id) {
            guard info.state == .sealed else { return info }
            if try await self.isStillValid(id) { return try self.described(info) }
        }
        // Whoever reads it has just asked.
        if let stream = self.fills.stream(id), stream.isRecent { return Self.inCold(stream.info) }
        // What an upload elsewhere left half done is nobody's stream here.
        if let info = try await self.cold.info(id), info.state == .sealed { return Self.inCold(info) }
        throw self.notFound(id)
    }

    /// The facts of a stream that the hot tier has, with where its copies are and the durability that it has by now.
    func described(_ info: StreamInfo) throws(CacheError) -> StreamInfo {
        guard info.state == .sealed else { return info }
        var info = info
        info.copies = [.hot]
        if try self.ledger.place(info.id) == .copied {
            info.copies.append(.cold)
            info.durability = .tier
        }
        return info
    }

    /// The facts of a stream that only the cold tier has.
    private static func inCold(_ info: StreamInfo) -> StreamInfo {
        var info = info
        info.copies = [.cold]
        return info
    }

    // MARK: Removing

    /// Removes a stream from both tiers, the cold one first: what can't be removed there is not said to be removed.
    func remove(_ id: StreamID) async throws(CacheError) {
        switch try await self.hotInfo(id)?.state {
        case .live: throw CacheError(.streamBusy, "The stream is being written.", streamID: id)
        // What was never sealed was never copied.
        case .suspended: return try await self.hot.remove(id)
        default: break
        }
        if let fill = self.fills.stream(id) { await fill.stop() }
        // Whoever copies it sees that it is gone, and takes back what it did.
        try self.ledger.forget(id)
        await self.copies.claim(id)
        defer {
            self.copies.end(id)
            self.copies.wake()
        }
        self.checks.forget(id)
        let wasCold: Bool
        do throws(CacheError) {
            wasCold = try await self.cold.remove(id)
        } catch {
            await self.adopt(id)
            throw error
        }
        do throws(CacheError) {
            try await self.hot.remove(id)
        } catch {
            guard error.code == .streamNotFound, wasCold else { throw error }
        }
    }

    /// A stream is still there of which the ledger says nothing any more, and may be in the cold tier or not: the copier
    /// finds out.
    func adopt(_ id: StreamID) async {
        guard let info = try? await self.hotInfo(id), info.state == .sealed else { return }
        do throws(CacheError) {
            try self.ledger.adopt(id, size: info.size, at: self.clock.wall())
            self.copies.wake()
        } catch {
            // It stays where it is; the next start finds that the ledger lacks it.
            self.logger.error("a sealed stream can't be noted", metadata: ["stream": "\(id)", "error": "\(error)"])
        }
    }

    // MARK: Listing

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        var merged: [StreamInfo] = []
        var position = cursor
        while true {
            let from = position
            let hot = try await self.hot.streams(matching: filter, after: from, limit: limit)
            // Looked up before the cold tier is: what is copied in between has not gone from there.
            var copied = Set<StreamID>()
            for info in hot.streams where info.state == .sealed {
                if try self.wasCopied(info.id) { copied.insert(info.id) }
            }
            let cold = try await self.coldStreams(matching: filter, after: from, limit: limit)
            // Up to here both pages say everything.
            let horizon = [hot.next, cold.next].compactMap { $0 }.min()
            let inside: (StreamInfo) -> Bool = { info in horizon.map { info.id <= $0 } ?? true }
            let coldOnes = Dictionary(cold.streams.filter { inside($0) && $0.state == .sealed }.map { ($0.id, $0) }) {
                first,
                _ in first
            }
            var known = Set<StreamID>()
            for info in hot.streams.filter(inside) {
                if info.state != .sealed, self.fills.stream(info.id) != nil { continue }
                if coldOnes[info.id] == nil, copied.contains(info.id) {
                    let id = info.id
                    _ = self.jobs.submit { _ = try? await self.isValidAfterAll(id) }
                    continue
                }
                known.insert(info.id)
                merged.append(try self.described(info))
            }
            merged += coldOnes.values.filter { !known.contains($0.id) }.map(Self.inCold)
            merged.sort { $0.id < $1.id }
            if merged.count > limit {
                let page = Array(merged.prefix(limit))
                return StreamPage(streams: page, next: page.last?.id)
            }
            guard let horizon else { return StreamPage(streams: merged, next: nil) }
            if merged.count == limit { return StreamPage(streams: merged, next: merged.last?.id) }
            position = horizon
        }
    }

    private func coldStreams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        // What is not sealed is in the hot tier alone.
        guard filter.state == nil || filter.state == .sealed else { return StreamPage(streams: [], next: nil) }
        return try await self.cold.ask(about: nil) { backend throws(CacheError) in
            try await backend.streams(matching: filter, after: cursor, limit: limit)
        }
    }

    private func wasCopied(_ id: StreamID) throws(CacheError) -> Bool {
        let place = try self.ledger.place(id)
        return place == .copied || place == .missing
    }

    /// Asks again about a stream that a listing of the cold tier did not have.
    private func isValidAfterAll(_ id: StreamID) async throws(CacheError) -> Bool {
        self.checks.forget(id)
        return try await self.isStillValid(id)
    }
}

/// When each stream was last found in the cold tier.
final class RecentChecks: Sendable {
    /// So many are remembered; more would be dearer than asking again.
    private static let limit = 65_536
    private let times = Mutex<[StreamID: Int64]>([:])

    func note(_ id: StreamID, at time: Int64) {
        self.times.withLock { times in
            if times.count >= Self.limit { times.removeAll(keepingCapacity: true) }
            times[id] = time
        }
    }

    func isRecent(_ id: StreamID, now: Int64, within milliseconds: Int64) -> Bool {
        self.times.withLock { $0[id].map { now - $0 < milliseconds } ?? false }
    }

    func forget(_ id: StreamID) { self.times.withLock { _ = $0.removeValue(forKey: id) } }
}
