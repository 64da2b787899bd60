import CacheProtocol
import Synchronization

/// A writer's hold on a stream.
final class MemorySink: StreamSink {
    private let store: MemoryStore
    private let claim: Claim
    private let held = Mutex<Hold?>(nil)

    /// What a writer has once it is open.
    struct Hold {
        var stream: MemoryStream
        var epoch: Int64
    }

    init(store: MemoryStore, claim: Claim) {
        self.store = store
        self.claim = claim
    }

    func open() -> Answer<WritePosition> {
        do throws(CacheError) {
            let (stream, position) = try self.store.open(self.claim)
            self.held.withLock { $0 = Hold(stream: stream, epoch: position.epoch) }
            return .now(position)
        } catch {
            return .later(Later { () async throws(CacheError) in throw error })
        }
    }

    private func hold() throws(CacheError) -> Hold {
        guard let hold = self.held.withLock({ $0 }) else {
            throw CacheError(
                .streamBusy,
                "The writer has not been opened, or could not be.",
                streamID: self.claim.id
            )
        }
        return hold
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        let hold = try self.hold()
        let store = self.store
        try store.checkSize(hold.stream, adding: count)
        try hold.stream.append(count, epoch: hold.epoch, filling: fill) { needed throws(CacheError) in
            // Looked at first, so that a writer that was taken over evicts nothing for bytes that will not land.
            try hold.stream.checkHolder(hold.epoch)
            return try store.takePages(needed, for: hold.stream.id)
        }
        return .ready
    }

    /// Nothing to do: what is appended is readable at once.
    func flush() {}

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        let hold = try self.hold()
        return try await self.store.finish(hold.stream, epoch: hold.epoch, expecting: sha256)
    }

    func abort() async throws(CacheError) {
        guard let hold = self.held.withLock({ $0.take() }) else { return self.store.giveUp(self.claim) }
        try self.store.abort(hold.stream, epoch: hold.epoch)
    }

    func suspend() {
        guard let hold = self.held.withLock({ $0.take() }) else { return self.store.giveUp(self.claim) }
        self.store.suspend(hold.stream, epoch: hold.epoch)
    }
}

/// The right to open one stream for writing.
struct Claim: Sendable {
    let id: StreamID
    let options: WriteOptions
    /// Tells claims on one name apart.
    let number: UInt64
}
