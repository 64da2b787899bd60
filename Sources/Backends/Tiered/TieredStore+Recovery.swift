import CacheProtocol
import Logging

extension TieredStore {
    /// Runs both tiers and the copier.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.hot.run() }
            group.addTask { try await self.runCold() }
            group.addTask { await self.jobs.run() }
            group.addTask {
                await self.recover()
                await self.copy()
            }
            group.addTask {
                while !Task.isCancelled {
                    try await self.clock.sleep(3_600_000)
                    await self.trim()
                }
            }
            while let _ = try await group.next() {}
        }
    }

    /// Runs the cold tier, again and again where it can't work: uploads and what is in the hot tier do not need it.
    private func runCold() async throws {
        while !Task.isCancelled {
            do {
                try await self.cold.backend.run()
            } catch let error as CacheError {
                self.cold.wasAway(error)
                self.logger.error("the cold tier can't work; it is tried again", metadata: ["error": "\(error)"])
            }
            try await self.clock.sleep(self.configuration.restartMilliseconds)
        }
    }

    /// Forgets what the hot tier has evicted: about that there is nothing to be known. Else the ledger would grow with
    /// all streams that ever were.
    func trim() async {
        do throws(CacheError) {
            var cursor: StreamID?
            while !Task.isCancelled {
                let page = try self.ledger.copied(after: cursor, limit: 1_000)
                for id in page where self.fills.stream(id) == nil {
                    if try await self.hotInfo(id) == nil { try self.ledger.forgetCopied(id) }
                }
                guard let last = page.last else { break }
                cursor = last
            }
            for id in try self.ledger.streams(at: .missing) {
                if try await self.hotInfo(id) == nil { try self.ledger.forget(id) }
                _ = try await self.isStillValid(id)
            }
        } catch {
            self.logger.warning("the ledger can't be trimmed", metadata: ["error": "\(error)"])
        }
    }

    /// Makes the ledger agree with the hot tier, whatever ended the process before.
    func recover() async {
        do throws(CacheError) {
            for id in try self.ledger.streams(at: .filling) { try await self.recoverFill(id) }
            var cursor: StreamID?
            repeat {
                let page = try await self.hot.streams(
                    matching: StreamFilter(state: .sealed),
                    after: cursor,
                    limit: 1_000
                )
                for info in page.streams { try self.ledger.adopt(info.id, size: info.size, at: self.clock.wall()) }
                cursor = page.next
            } while cursor != nil && !Task.isCancelled
            // One that another gateway had in the way may be gone.
            for id in try self.ledger.streams(at: .conflict) {
                guard let info = try await self.hotInfo(id), info.state == .sealed else {
                    try self.ledger.forget(id)
                    continue
                }
                try self.ledger.note(id, .pending, size: info.size, at: self.clock.wall())
            }
        } catch {
            self.logger.error(
                "the ledger and the hot tier can't be compared; streams without a word of the ledger are kept",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Removes half a copy; a whole one is kept.
    private func recoverFill(_ id: StreamID) async throws(CacheError) {
        // Begun since the process started.
        guard self.fills.stream(id) == nil else { return }
        let info: StreamInfo?
        do throws(CacheError) {
            info = try await self.hot.info(id)
        } catch {
            guard error.code == .streamNotFound else { throw error }
            info = nil
        }
        switch info?.state {
        case .sealed: try self.ledger.note(id, .copied, size: info?.size ?? 0, at: self.clock.wall())
        case nil: try self.ledger.forget(id)
        case .some:
            try await self.hot.remove(id)
            try self.ledger.forget(id)
        }
    }
}
