import CacheProtocol
import Synchronization

/// Which names this process is writing or removing.
final class NameTable: Sendable {
    private enum Holder {
        case writer(S3Upload)
        case remover(waiting: [CheckedContinuation<Void, Never>])
    }

    private let holders = Mutex<[StreamID: Holder]>([:])

    /// Takes a name for a writer.
    ///
    /// - Throws: ``CacheError`` with code `stream_busy` where somebody has it.
    func claim(_ id: StreamID, for upload: S3Upload) throws(CacheError) {
        try self.holders.withLock { holders throws(CacheError) in
            switch holders[id] {
            case nil: holders[id] = .writer(upload)
            case .writer:
                throw CacheError(.streamBusy, "Another writer is at this stream. Wait for its end.", streamID: id)
            case .remover:
                throw CacheError(.streamBusy, "The stream is being removed. Try again.", streamID: id)
            }
        }
    }

    /// Gives a writer's name back.
    func release(_ id: StreamID, of upload: S3Upload) {
        self.holders.withLock { holders in
            if case .writer(let current) = holders[id], current === upload { holders[id] = nil }
        }
    }

    /// The writer that has a name.
    func upload(_ id: StreamID) -> S3Upload? {
        self.holders.withLock { if case .writer(let upload) = $0[id] { upload } else { nil } }
    }

    /// Those who write, in the order of their streams' names.
    func uploads(matching filter: StreamFilter, after cursor: StreamID?) -> [S3Upload] {
        let all = self.holders.withLock { holders in
            holders.values.compactMap { holder -> S3Upload? in
                if case .writer(let upload) = holder { upload } else { nil }
            }
        }
        let wanted = all.filter { upload in
            filter.admits(upload.id) && (cursor.map { last in last < upload.id } ?? true)
        }
        return wanted.sorted { $0.id < $1.id }
    }

    /// How many write.
    var uploadCount: Int {
        self.uploads(matching: StreamFilter(), after: nil).count
    }

    /// Does something while nobody else in this process writes or removes a name; waits for who removes it.
    ///
    /// - Throws: ``CacheError`` with code `stream_busy` where a writer has it, or what `body` throws.
    func withRemoval(
        of id: StreamID,
        _ body: () async throws(CacheError) -> Void
    ) async throws(CacheError) {
        while !(try self.beginRemoval(id)) { await self.removalEnds(id) }
        defer { self.endRemoval(id) }
        try await body()
    }

    private func beginRemoval(_ id: StreamID) throws(CacheError) -> Bool {
        try self.holders.withLock { holders throws(CacheError) in
            switch holders[id] {
            case nil:
                holders[id] = .remover(waiting: [])
                return true
            case .writer: throw CacheError(.streamBusy, "The stream is being written.", streamID: id)
            case .remover: return false
            }
        }
    }

    private func removalEnds(_ id: StreamID) async {
        await withCheckedContinuation { continuation in
            let isWaiting = self.holders.withLock { holders in
                guard case .remover(var waiting) = holders[id] else { return false }
                waiting.append(continuation)
                holders[id] = .remover(waiting: waiting)
                return true
            }
            if !isWaiting { continuation.resume() }
        }
    }

    private func endRemoval(_ id: StreamID) {
        let waiting = self.holders.withLock { holders -> [CheckedContinuation<Void, Never>] in
            guard case .remover(let waiting) = holders[id] else { return [] }
            holders[id] = nil
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
