public import CacheProtocol
import Logging
import Synchronization

extension FileStore {
    /// How long upkeep pauses between its turns: for so long last-read times may be remembered in memory only, streams
    /// live beyond their time, and live ones grow without being flushed to the device.
    private static let pause = Duration.seconds(5)
    private static let expiryBatch = 1_000

    /// See ``CacheBackend/run()``: recovery, then upkeep until the task is cancelled, then waits until every writer's
    /// bytes are stored.
    public func run() async throws {
        await withTaskCancellationHandler {
            async let securing: Void = self.secureRegularly()
            await self.recover()
            while !Task.isCancelled {
                await self.tidy()
                try? await Task.sleep(for: Self.pause)
            }
            await securing
        } onCancel: {
            self.recoveryCounter.stop()
        }
        await self.drained()
        _ = try? await self.background.perform { () throws(CacheError) in
            self.flushTouches()
            self.catalog.settle()
            self.catalog.close()
        }
    }

    /// Secures live streams on a thread of its own, so that neither a long recovery nor much that expires keeps them waiting.
    private func secureRegularly() async {
        guard self.configuration.durability == .power else { return }
        let thread = FileWorkers(count: 1)
        while !Task.isCancelled {
            _ = try? await thread.perform { () throws(CacheError) in self.secureLiveStreams() }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// One turn of upkeep: live streams are secured against power cuts where that is promised, what waits to be written is,
    /// and streams whose time is over go. Where the configuration allows less than there is, as after a change of it, streams
    /// go as for an upload.
    public func upkeep() async {
        _ = try? await self.background.perform { () throws(CacheError) in self.secureLiveStreams() }
        await self.tidy()
    }

    /// All of upkeep but securing live streams.
    private func tidy() async {
        _ = try? await self.background.perform { () throws(CacheError) in
            self.flushTouches()
            self.catalog.settle()
            _ = self.expire()
            try self.evictSurplus()
        }
    }

    /// Tells the catalog when streams were read.
    func flushTouches() {
        let pending = self.touches.pending
        guard !pending.isEmpty else { return }
        do throws(CacheError) {
            try self.catalog.touched(pending)
            self.touches.settle(pending)
        } catch {
            self.logger.debug("last-read times wait", metadata: ["error": "\(error)"])
        }
    }

    /// Removes the streams whose time is over.
    ///
    /// - Returns: Their sizes.
    func expire() -> [Int64] {
        let (now, wall, hasJumped) = self.upkeepState.withLock { state in
            let (wall, monotonic) = self.clock.moment()
            let hasJumped = state.time.advance(wall: wall, monotonic: monotonic)
            return (state.time.now, wall, hasJumped)
        }
        if hasJumped {
            self.logger.warning(
                "the wall clock jumped ahead; for an hour nothing expires by it",
                metadata: [
                    "wall": "\(wall.millisecondsSinceEpoch)", "believed": "\(now.millisecondsSinceEpoch)",
                ]
            )
        }
        let rules = self.configuration.keepingRules
        var sizes: [Int64] = []
        do throws(CacheError) {
            while true {
                let candidates = try self.catalog.expired(at: now, rules, limit: Self.expiryBatch)
                let plan = EvictionPlan(candidates, now: now, rules: rules, isHeld: self.table.isHeld)
                let before = sizes.count
                for victim in plan.victims where self.remove(victim.candidate, .expired) {
                    sizes.append(victim.candidate.size)
                }
                guard candidates.count == Self.expiryBatch, sizes.count > before, !self.recoveryCounter.hasStopped
                else { return sizes }
            }
        } catch {
            self.logger.error("upkeep can't look for what has expired", metadata: ["error": "\(error)"])
            return sizes
        }
    }

    private func evictSurplus() throws(CacheError) {
        guard self.budget.isLimited, self.budget.isCounted else { return }
        try self.evictDownToBudget()
    }

    // MARK: Recovery

    /// Makes files and catalog agree.
    func recover() async {
        do throws(CacheError) {
            try await self.background.perform { () throws(CacheError) in
                try self.countStreams()
                let report = try self.catalog.recover(counter: self.recoveryCounter) { ids, body throws(CacheError) in
                    try self.recoveryCounter.goOn()
                    let claimed = ids.filter { self.table.claim($0, evenIfRead: false) }
                    defer { for id in claimed { self.close(self.table.unclaim(id)) } }
                    try body(claimed)
                }
                self.budget.give(bytes: -report.change.bytes, streams: -report.change.streams)
                self.upkeepState.withLock { $0.recovery = report }
                self.log(report)
            }
            try await self.background.perform { () throws(CacheError) in try self.giveBackRoom() }
        } catch  where error.code == .shuttingDown {
            self.logger.notice("\(error.message)")
        } catch {
            self.upkeepState.withLock { $0.recoveryFailure = error.message }
            self.logger.error("the directory could not be looked through", metadata: ["error": "\(error)"])
        }
    }

    /// Gives back what was allocated ahead for streams whose gateway was killed.
    private func giveBackRoom() throws(CacheError) {
        try self.directory.forEachFile { id, isSealed in
            guard !self.recoveryCounter.hasStopped else { return false }
            let name = StreamFileName.unfinished(id)
            guard !isSealed, let status = try? self.calls.status(of: name, in: self.directory.handle),
                status.allocatedBytes - status.size >= ExtentPlan.smallest, self.table.claim(id, evenIfRead: true)
            else { return true }
            defer { self.close(self.table.unclaim(id)) }
            do throws(SystemCallError) {
                let file = try self.calls.open(name, in: self.directory.handle, .update)
                let status = try self.calls.status(of: file)
                try self.calls.truncate(file, to: status.size)
                // An unfinished stream's time counts from its last byte.
                try self.calls.setModified(status.modifiedMilliseconds, of: file)
            } catch {
                self.logger.debug("room was not given back", metadata: ["stream": "\(id)", "error": "\(error)"])
            }
            return true
        }
    }

    private func log(_ report: RecoveryReport) {
        for (finding, count) in report.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let names = report.examples[finding, default: []].map(\.rawValue).joined(separator: ", ")
            self.logger.warning(
                "recovery: \(finding.rawValue)",
                metadata: ["streams": "\(count)", "such as": "\(names)"]
            )
        }
        for problem in report.problems { self.logger.error("recovery: \(problem)") }
        self.logger.notice("directory looked through", metadata: ["streams": "\(self.budget.usage.streams)"])
    }

    // MARK: Health

    /// See ``CacheBackend/health()``.
    public func health() async -> BackendHealth {
        var health = BackendHealth()
        let (open, writers) = self.table.counts
        let usage = self.budget.usage
        health.problems += self.catalog.problems
        health.gauges["streams_open"] = Int64(open)
        health.gauges["streams_written"] = Int64(writers)
        health.gauges["streams"] = usage.streams
        health.gauges["used_bytes"] = usage.bytes
        if let maximum = self.configuration.maximumBytes { health.gauges["limit_bytes"] = maximum }
        self.upkeepState.withLock { state in
            health.gauges["evicted_streams_total"] = state.evicted.streams
            health.gauges["evicted_bytes_total"] = state.evicted.bytes
            health.gauges["expired_streams_total"] = state.expired.streams
            health.gauges["expired_bytes_total"] = state.expired.bytes
            health.gauges["damaged_streams"] = Int64(state.damaged.count)
            for finding in RecoveryReport.Finding.allCases {
                health.gauges["recovered_\(finding.rawValue)"] = state.recovery?.counts[finding] ?? 0
            }
            health.gauges["recovery_is_done"] = state.recovery == nil ? 0 : 1
            health.gauges["recovery_problems"] = Int64(state.recovery?.problems.count ?? 0)
            if state.recovery == nil, state.recoveryFailure == nil {
                health.recovery = .init(done: self.recoveryCounter.looked, total: usage.streams)
            }
            if let failure = state.recoveryFailure { health.problems.append("io: \(failure)") }
        }
        do throws(CacheError) {
            let free = try await self.workers.perform { () throws(CacheError) in try self.freeBytes() }
            health.gauges["free_bytes"] = free
            if free < self.configuration.minimumFreeBytes {
                health.problems.append("storage_full: \(free) bytes are free in \(self.directory.path).")
            }
        } catch {
            health.gauges["free_bytes"] = 0
            health.problems.append("\(error)")
        }
        return health
    }
}
