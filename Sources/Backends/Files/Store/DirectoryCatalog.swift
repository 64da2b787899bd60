public import CacheProtocol
import Synchronization

/// The directory as its own catalog: names tell the state, extended attributes the rest. A listing reads the whole
/// directory, in memory that does not grow with it, and so does looking for streams to let go of; for those that expire
/// only when the time of one is over.
public final class DirectoryCatalog: StreamCatalog {
    private let directory: CacheDirectory
    private let upkeep = Mutex(Upkeep())

    private struct Upkeep {
        /// What is known about how long streams are kept; needs the rules, which come with the first question.
        var rules: KeepingRules?
        /// No stream's time is over before this.
        var nextDeadline = Timestamp(millisecondsSinceEpoch: .min)
    }

    /// A catalog of what is in `directory`.
    ///
    /// - Parameter directory: The cache directory.
    public init(_ directory: CacheDirectory) { self.directory = directory }

    /// See ``StreamCatalog``.
    public var listing: Capabilities.Support { .emulated }

    // MARK: A stream's life

    /// See ``StreamCatalog``.
    public func started(_ info: StreamInfo) throws(CacheError) {}

    /// See ``StreamCatalog``.
    public func seal(_ info: StreamInfo, publish: () throws(CacheError) -> Void) throws(CacheError) {
        try publish()
        self.expect(EvictionCandidate(info, changedAt: info.createdAt))
    }

    /// See ``StreamCatalog``.
    public func suspended(_ info: StreamInfo) {
        // The time of the last byte, which is what counts, is not after now, and not before the start.
        self.expect(EvictionCandidate(info, changedAt: info.createdAt))
    }

    /// See ``StreamCatalog``.
    public func remove(_ id: StreamID, unlink: () throws(CacheError) -> Void) throws(CacheError) -> Bool {
        try unlink()
        return false
    }

    /// See ``StreamCatalog``.
    public func lost(_ id: StreamID) {}

    /// See ``StreamCatalog``.
    public func touched(_ times: [StreamID: Timestamp]) throws(CacheError) {
        for (id, time) in times {
            // Where it can't be written, the stream counts as not read, which is what it was before.
            try? self.directory.remember(read: time, of: id)
        }
    }

    // MARK: Looking

    /// See ``StreamCatalog``.
    public func info(_ id: StreamID) throws(CacheError) -> StreamInfo? {
        try self.directory.stored(id, asFarAsWritten: true)?.info
    }

    /// See ``StreamCatalog``.
    public func sealedSize(of id: StreamID) -> Int64? { nil }

    /// See ``StreamCatalog``.
    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) throws(CacheError) -> StreamPage {
        var found: [StreamInfo] = []
        var last = cursor
        while true {
            let (ids, isComplete) = try self.ids(admittedBy: filter, after: last, limit: max(4 * limit, 1_024))
            for id in ids {
                last = id
                // What is no file, or can't be read, is nothing to list.
                guard let info = try? self.directory.stored(id)?.info, filter.matches(info) else { continue }
                guard found.count < limit else { return StreamPage(streams: found, next: found.last?.id) }
                found.append(info)
            }
            if isComplete { return StreamPage(streams: found, next: nil) }
        }
    }

    /// The lowest ids beyond a cursor, sorted, and whether those are all.
    private func ids(
        admittedBy filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) throws(CacheError) -> (ids: [StreamID], isComplete: Bool) {
        var ids: Set<StreamID> = []
        var isComplete = true
        try self.directory.forEachFile { id, _ in
            guard filter.admits(id) else { return true }
            if let cursor, id <= cursor { return true }
            ids.insert(id)
            if ids.count >= 2 * limit {
                ids = Set(ids.sorted().prefix(limit))
                isComplete = false
            }
            return true
        }
        let sorted = ids.sorted()
        return sorted.count > limit ? (Array(sorted.prefix(limit)), false) : (sorted, isComplete)
    }

    // MARK: Upkeep

    /// See ``StreamCatalog``.
    public func totals() throws(CacheError) -> (streams: Int64, bytes: Int64) {
        var (streams, bytes) = (Int64(0), Int64(0))
        try self.directory.forEachFile { id, isSealed in
            guard let sizes = try? self.directory.sizes(of: id) else { return true }
            // Of two files of one stream the sealed one counts it; the bytes are all there.
            if isSealed || sizes.sealed == nil { streams += 1 }
            // Files with holes may add up to more than there is room for in any device.
            bytes = bytes.addingClamped((isSealed ? sizes.sealed : sizes.unfinished) ?? 0)
            return true
        }
        return (streams, bytes)
    }

    /// See ``StreamCatalog``.
    public func expired(
        at now: Timestamp,
        _ rules: KeepingRules,
        limit: Int
    ) throws(CacheError) -> [EvictionCandidate] {
        let mustLook = self.upkeep.withLock { upkeep -> Bool in
            guard upkeep.rules != rules || upkeep.nextDeadline <= now else { return false }
            upkeep.rules = rules
            upkeep.nextDeadline = Timestamp(millisecondsSinceEpoch: .max)
            return true
        }
        guard mustLook else { return [] }
        var expired: [EvictionCandidate] = []
        var isTruncated = false
        do throws(CacheError) {
            try self.forEachCandidate { candidate in
                guard let deadline = candidate.deadline(rules) else { return }
                if deadline > now {
                    self.expect(deadline)
                } else if expired.count < limit {
                    expired.append(candidate)
                } else {
                    isTruncated = true
                }
            }
        } catch {
            self.expect(now)
            throw error
        }
        // Those that are due may be in use and stay; they are looked at again.
        if !expired.isEmpty || isTruncated { self.expect(now) }
        return EvictionPlan(expired, now: now, rules: rules).victims.map(\.candidate)
    }

    /// See ``StreamCatalog``.
    public func leastUsed(
        after position: UsePosition?,
        limit: Int,
        where mayGo: (StreamID) -> Bool
    ) throws(CacheError) -> LeastUsedPage {
        var lowest = LowestUses(limit: limit, after: position)
        // Only those that may go take room in the page: each page is a look at the whole directory.
        try self.forEachCandidate { if $0.isSealed, lowest.admits($0), mayGo($0.id) { lowest.insert($0) } }
        let candidates = lowest.sorted()
        let next = lowest.isTruncated ? candidates.last.map { UsePosition(usedAt: $0.lastUsedAt, id: $0.id) } : nil
        return LeastUsedPage(candidates: candidates, next: next)
    }

    private func forEachCandidate(_ body: (EvictionCandidate) -> Void) throws(CacheError) {
        try self.directory.forEachFile { id, isSealed in
            guard let stored = try? self.directory.stored(id), (stored.info.state == .sealed) == isSealed else {
                return true
            }
            body(EvictionCandidate(stored.info, changedAt: stored.modifiedAt))
            return true
        }
    }

    private func expect(_ candidate: EvictionCandidate) {
        guard let rules = self.upkeep.withLock({ $0.rules }), let deadline = candidate.deadline(rules) else { return }
        self.expect(deadline)
    }

    private func expect(_ deadline: Timestamp) {
        self.upkeep.withLock { $0.nextDeadline = min($0.nextDeadline, deadline) }
    }

    /// See ``StreamCatalog``.
    public func recover(
        counter: RecoveryCounter,
        claim: ([StreamID], ([StreamID]) throws(CacheError) -> Void) throws(CacheError) -> Void
    ) throws(CacheError) -> RecoveryReport {
        var report = RecoveryReport()
        try self.directory.forEachFile { id, _ in
            guard !counter.hasStopped else { return false }
            counter.add(1)
            do throws(CacheError) {
                guard let stored = try self.directory.stored(id) else { return true }
                if stored.isResized { report.note(.damaged, id) }
            } catch {
                report.note(problem: error.message)
            }
            return true
        }
        try counter.goOn()
        return report
    }

    /// See ``StreamCatalog``.
    public var problems: [String] { [] }

    /// See ``StreamCatalog``.
    public func settle() {}

    /// See ``StreamCatalog``.
    public func close() {}
}
