import CacheProtocol
import Logging
import NIOCore
import Synchronization

extension TieredStore {
    /// With so little missing a filling goes on though nobody reads any more.
    private static let restWorthFetching: Int64 = 16 << 20

    /// Opens a stream of the cold tier for a reader, and has the hot tier filled with it.
    func openCold(_ id: StreamID) async throws(CacheError) -> ColdStream {
        // Both questions at once: who reads waits for the store's answer, whatever it is asked.
        async let opening = self.fills.stream(id) == nil ? self.cold.openReader(of: id) : nil
        guard let info = try await self.cold.info(id) else { throw self.notFound(id) }
        guard info.state == .sealed else {
            throw CacheError(
                .streamNotFound,
                "The cold tier has only a part of this stream, of an upload that broke off elsewhere.",
                streamID: id
            )
        }
        let reader = await opening
        let (stream, isNew) = self.fills.join(info) { ColdStream(info, reader: reader, store: self) }
        let isWorthIt = isNew && self.configuration.fills && self.hot.capabilities.copies != .none && info.sha256 != nil
        if isWorthIt {
            stream.beginFilling()
            if !self.jobs.submit({ await self.fill(stream) }) { stream.endFilling(isKept: false) }
        }
        return stream
    }

    /// Brings a stream into the hot tier, from its beginning on, while it is read.
    private func fill(_ stream: ColdStream) async {
        var isKept = false
        do throws(CacheError) {
            isKept = try await self.transfer(stream)
        } catch {
            let isExpected = [.storageFull, .streamBusy, .streamExists, .unsupported].contains(error.code)
            self.logger.log(
                level: isExpected ? .debug : .warning,
                "a stream could not be brought into the hot tier; it is served from the cold one",
                metadata: ["stream": "\(stream.info.id)", "error": "\(error)"]
            )
        }
        stream.endFilling(isKept: isKept)
    }

    /// - Returns: Whether the hot tier has the whole stream now; else it has nothing of it.
    private func transfer(_ stream: ColdStream) async throws(CacheError) -> Bool {
        let info = stream.info
        let id = info.id
        var writer = try self.hot.makeWriter(for: id, options: WriteOptions(copying: info))
        // Filled by somebody else in the meantime: what is known of it must stay. The writer has only taken the name.
        if try await self.hotInfo(id)?.state == .sealed { return true }
        // Noted first: after a crash the part is known for what it is, and not taken for an upload that broke off.
        try self.ledger.note(id, .filling, size: info.size, at: self.clock.wall())
        do throws(CacheError) {
            _ = try await writer.opened().value()
        } catch {
            try self.ledger.forgetFilling(id)
            throw error
        }
        var isGivenUp = false
        do throws(CacheError) {
            let reader = try self.hot.makeReader(for: id)
            _ = try await reader.opened().value()
            stream.serve(from: reader)
            for number in 0..<stream.blockCount {
                let rest = info.size - number * Int64(self.configuration.fetchSize)
                isGivenUp = Task.isCancelled || stream.isStopped || stream.isUnread && rest > Self.restWorthFetching
                if isGivenUp { break }
                if case .pause(let readiness) = try writer.append(try await stream.block(number)) {
                    try await readiness.value()
                }
                writer.flush()
                stream.filled(number)
            }
        } catch {
            try? await writer.abort().value()
            try self.ledger.forgetFilling(id)
            throw error
        }
        if isGivenUp {
            try await writer.abort().value()
            try self.ledger.forgetFilling(id)
            return false
        }
        do throws(CacheError) {
            _ = try await writer.finish(expecting: info.sha256).value()
        } catch {
            if error.code == .digestMismatch {
                self.damagedCopies.add(1, ordering: .relaxed)
                self.logger.error(
                    "the cold tier's bytes do not have the stream's digest",
                    metadata: ["stream": "\(id)", "error": "\(error)"]
                )
            }
            try? await self.hot.remove(id)
            try self.ledger.forgetFilling(id)
            throw error
        }
        let store = await self.cold.knownIdentity()
        try self.ledger.note(id, .copied, size: info.size, at: self.clock.wall(), in: store)
        self.checks.note(id, at: self.clock.monotonic())
        return true
    }
}
