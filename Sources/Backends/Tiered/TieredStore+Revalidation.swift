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
            if let here = try await self.hotInfo(id), found.state == .sealed, !Self.isSame(found, here) {
                try await self.followReplacement(of: id, place)
                return false
            }
            if place == .missing { try self.ledger.move(id, to: .copied) }
            self.checks.note(id, at: now)
            return true
        }
        _ = try await self.followRemoval(of: id)
        return false
    }

    /// The cold tier has not got a stream any more that was copied to it. If that is a removal, the hot tier's is removed,
    /// too; if it may be a loss, that one is kept, and not served.
    ///
    /// - Returns: Whether it was removed.
    func followRemoval(of id: StreamID) async throws(CacheError) -> Bool {
        if await self.wasRemoved(id) { return await self.dropRemoved(id) }
        if try self.ledger.place(id) == .copied, try await self.hotInfo(id) != nil {
            // It may be another bucket, or an empty one: what is here may be the only copy.
            try self.ledger.move(id, to: .missing)
            self.logger.error(
                "the cold tier has not got this stream any more, and nothing says that it was removed there; it is kept, but not served",
                metadata: ["stream": "\(id)"]
            )
        }
        return false
    }

    /// The cold tier has another stream of this name: somebody has put it in this one's place. Of that store this one is
    /// removed here; of any other it may be the only copy, which is kept, and not served.
    private func followReplacement(of id: StreamID, _ place: Ledger.Place?) async throws(CacheError) {
        guard place == .copied else { return }
        if await self.isStore(of: id) == true, await self.dropRemoved(id) { return }
        try self.ledger.move(id, to: .missing)
        self.logger.error(
            "the cold tier has another stream of this name; this one is kept, but not served",
            metadata: ["stream": "\(id)"]
        )
    }

    /// Whether the cold tier still is what a stream was copied to: by its own word, or where it gives none, because it has
    /// at least one of a few others that were copied to the same.
    private func wasRemoved(_ id: StreamID) async -> Bool {
        if let isSame = await self.isStore(of: id) { return isSame }
        return await self.hasKeptOthers(than: id)
    }

    /// Whether the cold tier is the store that a stream was copied to; `nil` where either is not known.
    private func isStore(of id: StreamID) async -> Bool? {
        guard let then = try? self.ledger.store(of: id), let now = await self.cold.identity() else { return nil }
        return now == then
    }

    private func hasKeptOthers(than id: StreamID) async -> Bool {
        for other in (try? self.ledger.copiedNeighbours(of: id)) ?? [] {
            if let _ = try? await self.cold.check(other) { return true }
        }
        return false
    }

    /// Removes from the hot tier what another gateway removed from the cold one.
    ///
    /// - Returns: Whether the hot tier has nothing of that name any more.
    private func dropRemoved(_ id: StreamID) async -> Bool {
        do throws(CacheError) {
            let place = try self.ledger.place(id)
            guard place == .copied || place == .missing else { return false }
            // Whatever ends this half-way, it is not taken for a stream that is to be copied, nor served.
            try self.ledger.move(id, to: .missing)
            do throws(CacheError) {
                try await self.hot.remove(id)
            } catch {
                guard error.code == .streamNotFound else { throw error }
            }
            try self.ledger.forget(id)
            self.checks.forget(id)
            self.logger.info("a stream that was removed elsewhere is removed", metadata: ["stream": "\(id)"])
            return true
        } catch {
            self.logger.warning(
                "a stream that was removed elsewhere can't be removed here",
                metadata: ["stream": "\(id)", "error": "\(error)"]
            )
            return false
        }
    }
}
