import CacheProtocol
import NIOCore
import Synchronization

/// The bytes between a writer, which is on an event loop, and the job that sends them to the store; and how the writer
/// ended.
final class UploadQueue: Sendable {
    /// How a writer ends.
    enum End: Hashable, Sendable {
        case finish(expecting: SHA256Value?)
        case suspend
        case abort
    }

    /// What the job gets when it asks for more.
    enum Next: Sendable {
        case bytes(ByteBuffer)
        case end(End)
        /// The job's task was cancelled, or the job has failed.
        case cancelled
    }

    /// Bytes are handed over in pieces of this size, or smaller where the writer flushes.
    private let pieceSize: Int
    /// With this many bytes waiting, a writer is told to wait.
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var filling = ByteBuffer()
        var pieces: [ByteBuffer] = []
        var waitingBytes = 0
        var accepted: Int64 = 0
        var end: End?
        var failure: CacheError?
        var isCancelled = false
        /// Who waits on the job's side: the one that sends the bytes, and the one that waits for its answer.
        var jobs: [CheckedContinuation<Void, Never>] = []
        var writers: [CheckedContinuation<Void, Never>] = []

        mutating func handOver() {
            guard self.filling.readableBytes > 0 else { return }
            self.pieces.append(self.filling)
            self.filling = ByteBuffer()
        }

        mutating func takeJobs() -> [CheckedContinuation<Void, Never>] {
            let jobs = self.jobs
            self.jobs = []
            return jobs
        }

        var isOver: Bool { self.isCancelled || self.failure != nil }
        var hasNext: Bool { !self.pieces.isEmpty || self.end != nil || self.isOver }
    }

    init(pieceSize: Int, limit: Int) {
        self.pieceSize = pieceSize
        self.limit = limit
    }

    /// How the writer ended, if it has.
    var ending: End? { self.state.withLock { $0.end } }

    /// How many bytes were taken.
    var accepted: Int64 { self.state.withLock { $0.accepted } }

    // MARK: The writer's side

    /// Takes bytes; see ``StreamSink/append(count:filling:)``.
    ///
    /// - Parameters:
    ///   - maximum: How many bytes the stream may have.
    ///   - id: The stream's name, for errors.
    /// - Returns: Whether so many wait that the writer should.
    func append(
        count: Int,
        maximum: Int64,
        id: StreamID,
        filling fill: (inout OutputRawSpan) -> Void
    ) throws(CacheError) -> Bool {
        let (mustWait, jobs) = try self.state.withLock {
            state throws(CacheError) -> (Bool, [CheckedContinuation<Void, Never>]) in
            if let failure = state.failure { throw failure }
            guard state.end == nil else { throw CacheError(.aborted, "The writer has ended.", streamID: id) }
            guard state.accepted + Int64(count) <= maximum else {
                throw CacheError(
                    .streamTooLarge,
                    "The stream would have more than \(maximum) bytes, which is as long as it may be. Split it, or raise "
                        + "partBytes.",
                    streamID: id
                )
            }
            var remaining = count
            while remaining > 0 {
                let piece = min(remaining, self.pieceSize - state.filling.readableBytes)
                // A whole piece at once: it is filled in a moment, and grows no further.
                if state.filling.readableBytes == 0 {
                    state.filling.reserveCapacity(min(self.pieceSize, max(piece, 4_096)))
                }
                state.filling.writeWithUnsafeMutableBytes(minimumWritableBytes: piece) { memory in
                    let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<piece])
                    var span = OutputRawSpan(buffer: target, initializedCount: 0)
                    fill(&span)
                    return span.finalize(for: target)
                }
                remaining -= piece
                if state.filling.readableBytes >= self.pieceSize { state.handOver() }
            }
            state.accepted += Int64(count)
            state.waitingBytes += count
            return (state.waitingBytes >= self.limit, state.pieces.isEmpty ? [] : state.takeJobs())
        }
        for job in jobs { job.resume() }
        return mustWait
    }

    /// Hands over what is there.
    func flush() {
        let jobs = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.handOver()
            return state.pieces.isEmpty ? [] : state.takeJobs()
        }
        for job in jobs { job.resume() }
    }

    /// Waits until half of the room is free again, or the writer can't go on.
    ///
    /// - Throws: The failure of the job.
    func room() async throws(CacheError) {
        self.flush()
        await withCheckedContinuation { continuation in
            let mustWait = self.state.withLock { state in
                guard state.failure == nil, state.waitingBytes > self.limit / 2 else { return false }
                state.writers.append(continuation)
                return true
            }
            if !mustWait { continuation.resume() }
        }
        if let failure = self.state.withLock({ $0.failure }) { throw failure }
    }

    /// The writer has ended; only the first end counts.
    func end(_ end: End) {
        let jobs = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.end == nil else { return [] }
            state.handOver()
            state.end = end
            return state.takeJobs()
        }
        for job in jobs { job.resume() }
    }

    // MARK: The job's side

    /// The next piece, or the end.
    func next() async -> Next {
        while true {
            let (next, writers) = self.state.withLock { state -> (Next?, [CheckedContinuation<Void, Never>]) in
                if state.isOver { return (.cancelled, []) }
                // Who gave up wants nothing of it to be sent.
                if state.end == .abort { return (.end(.abort), []) }
                guard !state.pieces.isEmpty else { return (state.end.map { .end($0) }, []) }
                let piece = state.pieces.removeFirst()
                state.waitingBytes -= piece.readableBytes
                guard state.waitingBytes <= self.limit / 2 else { return (.bytes(piece), []) }
                let writers = state.writers
                state.writers = []
                return (.bytes(piece), writers)
            }
            for writer in writers { writer.resume() }
            if let next { return next }
            await self.wait { $0.hasNext }
        }
    }

    /// Refuses what comes from now on, forgets what waits, and waits for the writer's end.
    ///
    /// - Returns: The end, or `nil` where the job's task was cancelled first.
    func fail(_ failure: CacheError) async -> End? {
        let waiting = self.state.withLock { state in
            state.failure = failure
            state.pieces = []
            state.filling = ByteBuffer()
            state.waitingBytes = 0
            // A request that has failed may still wait for its next bytes.
            let waiting = state.writers + state.takeJobs()
            state.writers = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
        await self.wait { $0.end != nil || $0.isCancelled }
        return self.ending
    }

    private func wait(until isOver: @Sendable (State) -> Bool) async {
        while !self.state.withLock({ isOver($0) }) { await self.change(unless: isOver) }
    }

    /// Waits until something changed.
    private func change(unless isOver: @Sendable (State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = self.state.withLock { state in
                    if Task.isCancelled { state.isCancelled = true }
                    if isOver(state) { return true }
                    state.jobs.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let jobs = self.state.withLock { state in
                state.isCancelled = true
                return state.takeJobs()
            }
            for job in jobs { job.resume() }
        }
    }
}
