import CacheProtocol
import Synchronization

/// A writer's hold on a stream: fills blocks on its event loop and hands them to the appender.
final class FileSink: StreamSink {
    private let store: FileStore
    private let reservation: WriteReservation
    private let state = Mutex(State())

    fileprivate struct State {
        var appender: FileAppender?
        var isEnded = false
        /// Bytes of the stream, handed over or in the block.
        var size: Int64 = 0
        var block: StagingBlock?
        /// How far the block is filled, and how far it was handed over.
        var filled = 0
        var submitted = 0
    }

    init(store: FileStore, reservation: WriteReservation) {
        self.store = store
        self.reservation = reservation
    }

    func open() -> Answer<WritePosition> {
        .later(
            Later { () async throws(CacheError) in
                let appender = try await self.store.openForWriting(self.reservation)
                let mustLetGo = self.state.withLock { state in
                    state.appender = appender
                    state.size = appender.stream.stored
                    return state.isEnded
                }
                if mustLetGo { appender.suspend() }
                return WritePosition(offset: appender.stream.stored, epoch: appender.reservation.epoch)
            }
        )
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        let limit = self.store.configuration.maximumStreamSize
        var failure: CacheError?
        let pausing = self.state.withLock { state -> FileAppender? in
            guard let appender = state.appender, !state.isEnded else {
                failure = CacheError(.streamBusy, "The writer is not open.", streamID: self.reservation.id)
                return nil
            }
            failure = appender.failure
            if failure == nil, state.size + Int64(count) > limit {
                failure = CacheError(
                    .streamTooLarge,
                    "The stream would be longer than \(limit) bytes (maxStreamBytes).",
                    streamID: self.reservation.id
                )
            }
            guard failure == nil else { return nil }
            state.size += Int64(count)
            return state.fill(count, for: appender, fill) ? appender : nil
        }
        if let failure { throw failure }
        guard let pausing else { return .ready }
        return .pause(Later { () async throws(CacheError) in try await pausing.ready() })
    }

    func flush() {
        self.state.withLock { state in
            guard let appender = state.appender, !state.isEnded else { return }
            _ = state.submit(to: appender)
            // An idle stream holds no memory: the next bytes start a fresh block.
            state.releaseBlock()
        }
    }

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        try await self.ended().finish(expecting: sha256)
    }

    func abort() async throws(CacheError) { try await self.ended().abort() }

    func suspend() {
        let appender = self.state.withLock { state -> FileAppender? in
            if let appender = state.appender { _ = state.submit(to: appender) }
            state.isEnded = true
            state.releaseBlock()
            return state.appender
        }
        if let appender {
            appender.suspend()
        } else {
            self.store.giveUp(self.reservation)
        }
    }

    private func ended() throws(CacheError) -> FileAppender {
        let appender = self.state.withLock { state -> FileAppender? in
            if let appender = state.appender { _ = state.submit(to: appender) }
            state.isEnded = true
            state.releaseBlock()
            return state.appender
        }
        guard let appender else {
            throw CacheError(.streamBusy, "The writer is not open.", streamID: self.reservation.id)
        }
        return appender
    }
}

extension FileSink.State {
    /// Fills blocks with `count` bytes and hands over each full one.
    ///
    /// - Returns: Whether the writer is to wait.
    fileprivate mutating func fill(
        _ count: Int,
        for appender: FileAppender,
        _ fill: (inout OutputRawSpan) -> Void
    ) -> Bool {
        var remaining = count
        var mustPause = false
        while remaining > 0 {
            let block = self.block ?? StagingBlockPool.current.take()
            self.block = block
            let room = min(remaining, StagingBlock.capacity - self.filled)
            let target = UnsafeMutableRawBufferPointer(rebasing: block.memory[self.filled..<self.filled + room])
            var span = OutputRawSpan(buffer: target, initializedCount: 0)
            fill(&span)
            let initialized = span.finalize(for: target)
            precondition(initialized == room, "the span was not filled")
            self.filled += room
            remaining -= room
            if self.filled == StagingBlock.capacity {
                mustPause = self.submit(to: appender)
                self.releaseBlock()
            }
        }
        return mustPause
    }

    /// Hands over what the block has beyond what was handed over before.
    fileprivate mutating func submit(to appender: FileAppender) -> Bool {
        guard let block = self.block, self.submitted < self.filled else { return false }
        let range = self.submitted..<self.filled
        self.submitted = self.filled
        return appender.submit(block, range)
    }

    fileprivate mutating func releaseBlock() {
        self.block = nil
        self.filled = 0
        self.submitted = 0
    }
}
