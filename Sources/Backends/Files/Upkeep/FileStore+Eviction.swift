import CacheProtocol
import Logging
import Synchronization

extension FileStore {
    /// Takes room in the budget, evicting where that makes some. May wait for devices.
    ///
    /// - Parameters:
    ///   - bytes: How many more bytes will be stored.
    ///   - streams: How many more streams there will be.
    ///   - id: The stream that needs the room.
    /// - Throws: ``CacheError`` with code `storage_full`, or `limit` where there are too many streams.
    func takeRoom(bytes: Int64, streams: Int64 = 0, for id: StreamID) throws(CacheError) {
        if self.budget.isLimited, !self.budget.isCounted { try self.countStreams() }
        while let need = self.budget.take(bytes: bytes, streams: streams) {
            let hasEvicted = try self.evict { () throws(CacheError) in
                // Looked at again: somebody else may have made room since.
                guard let need = self.budget.take(bytes: bytes, streams: streams) else {
                    self.budget.give(bytes: bytes, streams: streams)
                    return EvictionPlan.Need()
                }
                return need
            }
            guard hasEvicted else { throw self.full(need, id) }
        }
    }

    /// Takes room in a limited budget for bytes that have come, where there is some. Does not wait; where it fails, the
    /// room is taken, and made, when the bytes are written.
    func prepay(_ bytes: Int64) -> Bool {
        self.budget.isLimited && self.budget.isCounted && self.budget.take(bytes: bytes) == nil
    }

    private func full(_ need: EvictionPlan.Need, _ id: StreamID) -> CacheError {
        if need.bytes > 0 {
            return CacheError(
                .storageFull,
                "All \(self.configuration.maximumBytes ?? 0) bytes that may be stored (maxBytes) are, and none of them may "
                    + "go. Remove streams, or try again later.",
                streamID: id
            )
        }
        return CacheError(
            .limit,
            "There are \(self.configuration.maximumStreams ?? 0) streams, as many as there may be (maxStreams), and none "
                + "of them may go. Remove streams, or try again later.",
            streamID: id
        )
    }

    /// Sees that a file can grow and the reserve is left, evicting where that makes space. May wait for devices.
    ///
    /// - Parameters:
    ///   - bytes: How many bytes more the file needs.
    ///   - id: The stream that needs them.
    /// - Returns: How many there are, no fewer.
    /// - Throws: ``CacheError`` with code `storage_full` or `io`.
    func takeSpace(_ bytes: Int64, for id: StreamID) throws(CacheError) -> Int64 {
        let reserve = self.configuration.minimumFreeBytes
        while true {
            let available = try self.freeBytes() - reserve
            guard available < bytes else { return available }
            let hasEvicted = try self.evict { () throws(CacheError) in
                EvictionPlan.Need(bytes: bytes + reserve - (try self.freeBytes()))
            }
            guard hasEvicted else {
                throw CacheError(
                    .storageFull,
                    "\(available + reserve) bytes are free in \(self.directory.path), and \(reserve) are kept in reserve "
                        + "(minFreeBytes). Remove streams.",
                    streamID: id
                )
            }
        }
    }

    /// What is free beyond the reserve, where that is enough for as many files to grow at once as there are threads that make
    /// them grow; else `nil`.
    var spaceForAll: Int64? {
        get throws(CacheError) {
            let available = try self.freeBytes() - self.configuration.minimumFreeBytes
            return available >= Int64(self.configuration.ioThreads) * ExtentPlan.largest ? available : nil
        }
    }

    func freeBytes() throws(CacheError) -> Int64 {
        try calling { () throws(SystemCallError) in try self.calls.freeBytes(of: self.directory.handle) }
    }

    /// Removes streams where there are more than the budget allows.
    func evictDownToBudget() throws(CacheError) {
        _ = try self.evict { () throws(CacheError) in self.budget.surplus }
    }

    /// Counts what is stored, unless somebody has.
    func countStreams() throws(CacheError) {
        try self.evictor.withLock { _ throws(CacheError) in
            guard !self.budget.isCounted else { return }
            let totals = try self.catalog.totals()
            self.budget.count(StorageBudget.Usage(bytes: totals.bytes, streams: totals.streams))
        }
    }

    /// Removes streams until a need is met, or there is nobody left who may go.
    ///
    /// - Parameter need: What is missing now.
    /// - Returns: Whether it is met, or it is worth looking again.
    private func evict(_ need: () throws(CacheError) -> EvictionPlan.Need) throws(CacheError) -> Bool {
        guard self.configuration.evicts else { return false }
        return try self.evictor.withLock { evictor throws(CacheError) in
            var missing = try need()
            var search = EvictionSearch()
            while !missing.isMet {
                if let candidate = evictor.queue.popLast() {
                    if self.remove(candidate, .evicted) { missing.meet(candidate.size) }
                    continue
                }
                guard self.clock.monotonic() >= evictor.fruitlessUntil else { return false }
                if search.isNew {
                    for size in self.expire() { missing.meet(size) }
                    if missing.isMet { break }
                }
                let start = self.clock.monotonic()
                evictor.queue = try self.nextToGo(&search)
                guard evictor.queue.isEmpty else { continue }
                // A look at everything may take seconds; a writer that is refused asks again at once.
                let end = self.clock.monotonic()
                evictor.fruitlessUntil = end + 10 * (end - start)
                return false
            }
            return true
        }
    }

    /// The next streams that may go, the one that was not used for longest last; none at the end of the list.
    ///
    /// However many are passed over in front, as those that a cold tier has not got yet, the search goes on behind them.
    private func nextToGo(_ search: inout EvictionSearch) throws(CacheError) -> [EvictionCandidate] {
        if search.isNew { self.flushTouches() }
        while !search.isAtEnd {
            let page = try self.catalog.leastUsed(after: search.position, limit: Evictor.batch) { id in
                !self.table.isHeld(id) && self.mayEvict(id)
            }
            search.advance(to: page.next)
            let plan = EvictionPlan(
                page.candidates,
                need: EvictionPlan.Need(bytes: .max),
                now: self.upkeepState.withLock { $0.time.now },
                rules: self.configuration.keepingRules
            )
            if !plan.victims.isEmpty { return plan.victims.reversed().map(\.candidate) }
        }
        return []
    }

    /// Removes one stream, unless it is in use, or is not any more what it was when it was chosen.
    func remove(_ candidate: EvictionCandidate, _ reason: EvictionPlan.Reason) -> Bool {
        guard self.table.claim(candidate.id, evenIfRead: false) else { return false }
        defer { self.close(self.table.unclaim(candidate.id)) }
        guard self.isUnchanged(candidate), reason == .expired || self.mayEvict(candidate.id) else { return false }
        do throws(CacheError) {
            guard try self.erase(candidate.id) else { return false }
        } catch {
            self.logger.error("a stream can't be removed", metadata: ["error": "\(error)"])
            return false
        }
        self.upkeepState.withLock { $0.count(reason, candidate.size) }
        self.logger.info(
            "stream \(reason.rawValue)",
            metadata: ["stream": "\(candidate.id)", "bytes": "\(candidate.size)"]
        )
        return true
    }

    private func isUnchanged(_ candidate: EvictionCandidate) -> Bool {
        if candidate.isSealed {
            if let time = self.touches.time(of: candidate.id), time > candidate.lastUsedAt { return false }
            guard let info = try? self.catalog.info(candidate.id), info.state == .sealed else { return false }
            return EvictionCandidate(info, changedAt: candidate.changedAt).lastUsedAt <= candidate.lastUsedAt
        }
        // It may have been gone on with since: the file's own time says so.
        guard let stored = try? self.directory.stored(candidate.id) else {
            // Without a file it would be found due for ever, and be in the way of others.
            if self.isGone(candidate.id) { self.catalog.lost(candidate.id) }
            return false
        }
        guard stored.info.state == .suspended else { return false }
        let current = EvictionCandidate(stored.info, changedAt: stored.modifiedAt)
        let now = self.upkeepState.withLock { $0.time.now }
        return current.deadline(self.configuration.keepingRules).map { $0 <= now } ?? false
    }
}

extension EvictionPlan.Need {
    /// A stream of this size has gone.
    mutating func meet(_ size: Int64) {
        self.bytes -= size
        self.streams -= 1
    }
}
