import CacheProtocol
import Crypto
import Logging
import NIOCore
import Synchronization

extension TieredStore {
    /// Copies what is due, for as long as the task is not cancelled.
    func copy() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (now, pause) = (self.clock.wall(), self.cold.copyPause)
                do throws(CacheError) {
                    // Whether there is room again one will find out.
                    let limit = self.cold.fullMilliseconds == nil ? self.configuration.maximumCopies : 1
                    let room = limit - self.copies.activeCount
                    if pause == 0, room > 0 {
                        // Those at work are still due: more are looked at than there is room for.
                        let due = try self.ledger.due(at: now, limit: limit + room)
                        for pending in due {
                            guard self.copies.activeCount < limit else { break }
                            guard self.copies.begin(pending.id) else { continue }
                            group.addTask {
                                await self.copy(pending)
                                self.copies.end(pending.id)
                                self.copies.wake()
                            }
                        }
                    }
                } catch {
                    self.logger.error("the ledger can't be read", metadata: ["error": "\(error)"])
                }
                await self.waitForWork(since: now, pause: pause)
            }
        }
    }

    /// Waits until something is to be copied: somebody says so, the next one is due, or the pause is over.
    ///
    /// - Parameters:
    ///   - now: Until when what is due was looked for: what became due since is waited for, too.
    ///   - pause: How long nothing is to be copied, in milliseconds.
    private func waitForWork(since now: Timestamp, pause: Int64) async {
        var wait: Int64?
        if pause > 0 {
            wait = pause
        } else if let due = try? self.ledger.nextDue(after: now) {
            // What is due already is being copied, or waits for one of those: their ends wake us.
            wait = due.millisecondsSinceEpoch - self.clock.wall().millisecondsSinceEpoch
        }
        guard let wait else { return await self.copies.rung() }
        let milliseconds = min(max(wait, 1), 60_000)
        await withDiscardingTaskGroup { group in
            group.addTask {
                // Cancelled, somebody else has rung: ringing once more would have the next wait end at once, and so on.
                if (try? await self.clock.sleep(milliseconds)) != nil { self.copies.wake() }
            }
            await self.copies.rung()
            group.cancelAll()
        }
    }

    /// Copies one stream, and notes what came of it. The caller has it on the board.
    func copy(_ pending: Ledger.Pending) async {
        let id = pending.id
        do throws(CacheError) {
            // It was found due before it was taken: who had it until then may have copied it.
            guard try self.ledger.isPending(pending) else { return }
            guard let info = try await self.hotInfo(id), info.state == .sealed else {
                // It is gone, or being written anew; then it is noted anew when it is sealed.
                try self.ledger.forget(pending)
                return self.copies.resolve(id, isCopied: false)
            }
            // Asked before: a store that is exchanged in between must not be taken for the one that has the copy.
            let store = await self.cold.knownIdentity()
            let place: Ledger.Place = try await self.transfer(info) ? .copied : .conflict
            guard try self.ledger.settle(pending, as: place, in: store) else {
                // Removed while it was copied.
                if place == .copied { _ = try await self.cold.remove(id) }
                return self.copies.resolve(id, isCopied: false)
            }
            if place == .copied, self.cold.hadRoom() { try self.ledger.hasten(to: self.clock.wall()) }
            self.checks.note(id, at: self.clock.monotonic())
            self.copies.resolve(id, isCopied: place == .copied)
            self.logger.debug("stream copied to the cold tier", metadata: ["stream": "\(id)", "bytes": "\(info.size)"])
        } catch {
            let due = self.clock.wall().millisecondsSinceEpoch + self.backoff(attempt: pending.attempts)
            let failure = "\(error)"
            do throws(CacheError) {
                try self.ledger.postpone(pending, until: Timestamp(millisecondsSinceEpoch: due), because: failure)
            } catch {
                self.logger.error("the ledger can't be written", metadata: ["error": "\(error)"])
            }
            self.logger.warning(
                "a stream could not be copied to the cold tier, and will be tried again",
                metadata: ["stream": "\(id)", "attempts": "\(pending.attempts + 1)", "error": "\(failure)"]
            )
        }
    }

    private func backoff(attempt: Int64) -> Int64 {
        let doubled = self.configuration.baseBackoffMilliseconds << min(max(attempt, 0), 20)
        let limit = min(doubled, self.configuration.maximumBackoffMilliseconds)
        return limit / 2 + Int64.random(in: 0...max(limit / 2, 1))
    }

    /// Brings a sealed stream into the cold tier, and sees that it is there whole.
    ///
    /// - Returns: `false` where the cold tier has another stream of this name.
    private func transfer(_ info: StreamInfo) async throws(CacheError) -> Bool {
        let id = info.id
        if let there = try await self.cold.info(id) {
            // From an earlier attempt, or from another gateway that has the same stream.
            if there.state == .sealed, Self.isSame(there, info) {
                if try await self.isWhole(info) { return true }
                _ = try await self.cold.remove(id)
            } else {
                self.logger.error(
                    "the cold tier has another stream of this name; this one stays in the hot tier alone",
                    metadata: ["stream": "\(id)"]
                )
                return false
            }
        }
        do throws(CacheError) {
            try await self.send(info)
        } catch {
            // Others would fare no better: sending them for nothing is left for a while.
            if error.code == .storageFull { self.cold.hadNoRoom(for: self.configuration.fullPauseMilliseconds) }
            throw error
        }
        guard let there = try await self.cold.info(id) else {
            // Which of the two can't be told before the copy is known to have been there whole.
            throw CacheError(
                .aborted,
                "The copy was gone before it was compared: the store has lost it, or it was removed at another gateway. It is "
                    + "made again; remove the stream here, too, if it is to go.",
                streamID: id
            )
        }
        guard Self.isSame(there, info) else {
            self.logger.error(
                "another gateway has stored another stream of this name; this one stays in the hot tier alone",
                metadata: ["stream": "\(id)"]
            )
            return false
        }
        guard try await self.isWhole(info) else {
            self.damagedCopies.add(1, ordering: .relaxed)
            _ = try await self.cold.remove(id)
            throw CacheError(
                .io,
                "The copy in the cold tier has other bytes than the stream. It was removed, and is made again.",
                streamID: id
            )
        }
        return true
    }

    static func isSame(_ copy: StreamInfo, _ original: StreamInfo) -> Bool {
        copy.size == original.size && copy.sha256 != nil && copy.sha256 == original.sha256
    }

    private func send(_ info: StreamInfo) async throws(CacheError) {
        let reader = try self.hot.makeReader(for: info.id)
        let status = try await reader.opened().value()
        guard status.size == info.size, status.state == .sealed else {
            throw CacheError(.aborted, "The stream changed while it was copied.", streamID: info.id)
        }
        try await self.cold.ask(about: info.id) { backend throws(CacheError) in
            var writer = try backend.makeWriter(for: info.id, options: WriteOptions(copying: info))
            _ = try await writer.opened().value()
            do throws(CacheError) {
                var offset: Int64 = 0
                while offset < info.size {
                    guard try self.ledger.place(info.id) == .pending else {
                        throw CacheError(.aborted, "The stream was removed while it was copied.", streamID: info.id)
                    }
                    let bytes = try await Self.read(reader, at: offset, of: info)
                    offset += Int64(bytes.readableBytes)
                    if case .pause(let readiness) = try writer.append(bytes) { try await readiness.value() }
                }
            } catch {
                try? await writer.abort().value()
                throw error
            }
            _ = try await writer.finish(expecting: info.sha256).value()
        }
    }

    /// Bytes of the hot tier; that they can't be read is not the cold tier's failure.
    private static func read(
        _ reader: StreamReader,
        at offset: Int64,
        of info: StreamInfo
    ) async throws(CacheError) -> ByteBuffer {
        do throws(CacheError) {
            return try await reader.read(at: offset, count: 256 << 10).value()
        } catch {
            throw CacheError(
                .aborted,
                "The hot tier can't read the stream: \(error.message)",
                streamID: info.id,
                cause: error
            )
        }
    }

    /// Whether the cold tier's bytes have the stream's digest; asked of the bytes themselves, or not at all.
    private func isWhole(_ info: StreamInfo) async throws(CacheError) -> Bool {
        guard self.configuration.verification == .read else { return true }
        return try await self.cold.ask(about: info.id) { backend throws(CacheError) in
            let reader = try backend.makeReader(for: info.id)
            guard try await reader.opened().value().size == info.size else { return false }
            var hasher = SHA256()
            var offset: Int64 = 0
            while offset < info.size {
                let bytes = try await reader.read(at: offset, count: 1 << 20).value()
                offset += Int64(bytes.readableBytes)
                bytes.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
            }
            return SHA256Value(bytes: hasher.finalize()) == info.sha256
        }
    }
}
