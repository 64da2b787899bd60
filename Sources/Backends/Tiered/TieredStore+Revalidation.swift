import CacheProtocol
import Logging

extension TieredStore {
    /// Whether a sealed stream of the hot tier may be served: it was never copied, or the cold tier still has it, as far
    /// as was asked lately or can be.
    ///
    /// A stream that another gateway removed is removed here, too.
    func isStillValid(_ id: StreamID) async throws(CacheError) -> Bool {
        let now = self.clock.monotonic()
        if self.checks.isRecent(id, now: now, within: self.configuration.revalidationMilliseconds) { return true }
        let place = try self.ledger.place(id)
        guard place == .copied || place == .missing else { return true }
        let found: StreamInfo?
        do throws(CacheError) {
            found = try await self.cold.check(id)
        } catch {
            // Out of reach, or unwilling: then what is here is better than nothing.
            return place == .copied
        }
        if let found {
            if place == .missing { try self.ledger.note(id, .copied, size: found.size, at: self.clock.wall()) }
            self.checks.note(id, at: now)
            return true
        }
        if await self.hasKeptOthers(than: id) {
            await self.dropRemoved(id)
        } else if place == .copied, let info = try await self.hotInfo(id) {
            // It may be another bucket, or an empty one: what is here may be the only copy.
            try self.ledger.note(id, .missing, size: info.size, at: self.clock.wall())
            self.logger.error(
                "the cold tier has neither this stream nor others that were copied to it; it is kept, but not served",
                metadata: ["stream": "\(id)"]
            )
        }
        return false
    }

    /// Whether the cold tier still is what streams were copied to: it has at least one of a few others.
    private func hasKeptOthers(than id: StreamID) async -> Bool {
        for other in (try? self.ledger.copiedNeighbours(of: id)) ?? [] {
            if let _ = try? await self.cold.check(other) { return true }
        }
        return false
    }

    /// Removes from the hot tier what another gateway removed from the cold one.
    private func dropRemoved(_ id: StreamID) async {
        do throws(CacheError) {
            let place = try self.ledger.place(id)
            guard place == .copied || place == .missing else { return }
            try self.ledger.forget(id)
            try await self.hot.remove(id)
            self.logger.info("a stream that was removed elsewhere is removed", metadata: ["stream": "\(id)"])
        } catch {
            guard error.code != .streamNotFound else { return }
            self.logger.warning(
                "a stream that was removed elsewhere can't be removed",
                metadata: ["stream": "\(id)", "error": "\(error)"]
            )
        }
    }
}
