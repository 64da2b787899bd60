import CacheProtocol
import Synchronization

/// One writer's way to its file: blocks that its event loop fills, written by one job at a time on a thread that may wait
/// for the device, and whatever ends the writing after the last of them.
///
/// The job takes whole blocks, whose ends lie at multiples of their size in the file: the page cache then takes them in
/// large pieces, where odd ones cost it half as much again. It is woken for some of them, or when no more bytes are at
/// hand, and then takes the beginning of a block, too. So a fast writer costs few hand-overs, and a slow one no delay.
///
/// `@unchecked Sendable`: what stands under "the job's own" is touched by the draining job only, of which there is never
/// more than one (`isDraining`, guarded by the queue's lock); memory of a block is written by the event loop before it is
/// published under that lock, and only read after that.
final class FileAppender: @unchecked Sendable {
    /// How many whole blocks are worth waking the job for while more bytes are coming.
    private static let wakeFrom = 2
    /// How many bytes the job writes before it lets other jobs have the thread.
    private static let turn = 4 << 20
    /// The same where other streams' jobs wait for this one to end.
    private static let sharedTurn = 256 << 10

    let stream: StreamFile
    let reservation: WriteReservation
    private let store: FileStore
    private let file: OpenFile
    private let queue: Mutex<AppendQueue>

    // The job's own.
    private var tail: FileTail
    private var isEnded = false

    init(stream: StreamFile, file: OpenFile, reservation: WriteReservation, store: FileStore) {
        self.stream = stream
        self.file = file
        self.reservation = reservation
        self.store = store
        self.tail = FileTail(
            stream: stream,
            file: file,
            expectedSize: reservation.options.expectedSize,
            store: store
        )
        self.queue = Mutex(AppendQueue(size: stream.stored))
    }

    // MARK: The writer's side

    private var failure: CacheError? { self.queue.withLock { $0.failure } }

    /// Takes `count` bytes.
    ///
    /// - Returns: Whether the writer is to wait.
    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> Bool {
        var (block, filled) = try self.begin(count)
        var remaining = count
        var mustPause = false
        while remaining > 0 {
            let room = min(remaining, block.capacity - filled)
            let target = UnsafeMutableRawBufferPointer(rebasing: block.memory[filled..<filled + room])
            var span = OutputRawSpan(buffer: target, initializedCount: 0)
            fill(&span)
            let initialized = span.finalize(for: target)
            precondition(initialized == room, "the span was not filled")
            remaining -= room
            mustPause = self.publish(room)
            if remaining > 0 { (block, filled) = self.nextBlock() }
        }
        return mustPause
    }

    /// The block to fill, and from where.
    private func begin(_ count: Int) throws(CacheError) -> (StagingBlock, filled: Int) {
        let limit = self.store.configuration.maximumStreamSize
        let (failure, current, filled) = self.queue.withLock { queue -> (CacheError?, StagingBlock?, Int) in
            if let failure = queue.failure { return (failure, nil, 0) }
            if queue.isHandingOver { return (.superseded(self.stream.id), nil, 0) }
            queue.isIdle = false
            guard queue.end + Int64(count) <= limit else { return (self.tooLarge(limit), nil, 0) }
            return (nil, queue.current, queue.filled)
        }
        if let failure { throw failure }
        if let current { return (current, filled) }
        return self.nextBlock()
    }

    private func nextBlock() -> (StagingBlock, filled: Int) {
        let block = StagingBlockPool.current.take()
        return self.queue.withLock { queue in
            queue.begin(block)
            return (block, queue.filled)
        }
    }

    private func tooLarge(_ limit: Int64) -> CacheError {
        CacheError(
            .streamTooLarge,
            "The stream would be longer than \(limit) bytes (maxStreamBytes).",
            streamID: self.stream.id
        )
    }

    /// `count` more bytes of the current block are filled.
    ///
    /// - Returns: Whether the writer is to wait.
    private func publish(_ count: Int) -> Bool {
        let (mustDrain, mustPause) = self.queue.withLock { queue -> (Bool, Bool) in
            let mustPause = queue.publish(count)
            if self.store.prepay(Int64(count)) { queue.prepaid += count }
            let isOnItsWay = mustPause || queue.isDraining || queue.full.count >= Self.wakeFrom
            return (isOnItsWay && self.send(&queue), mustPause)
        }
        if mustDrain { self.startDraining() }
        return mustPause
    }

    /// No more bytes are at hand: what is there goes on its way.
    func flush() {
        let mustDrain = self.queue.withLock { queue -> Bool in
            queue.isIdle = true
            queue.due = queue.end
            guard queue.bytes > 0 else {
                queue.release()
                return false
            }
            return self.send(&queue)
        }
        if mustDrain { self.store.workers.submitTogether { self.drain(asOneOfMany: true) } }
    }

    /// Whole blocks, and what is due, get to the file without the writer's doing anything more, so readers may ask for
    /// them.
    ///
    /// - Returns: Whether the caller is to start the job.
    private func send(_ queue: inout AppendQueue) -> Bool {
        self.accept(queue)
        return queue.startDraining()
    }

    private func accept(_ queue: borrowing AppendQueue) {
        if queue.failure == nil { self.stream.accept(upTo: queue.onItsWay) }
    }

    /// Returns once the queue has shrunk to half of what it may be.
    func ready() async throws(CacheError) {
        let failure = await withCheckedContinuation { (continuation: CheckedContinuation<CacheError?, Never>) in
            let isReady = self.queue.withLock { queue -> Bool in
                guard !queue.hasRoom, queue.failure == nil else { return true }
                queue.pausing.append(continuation)
                return false
            }
            if isReady { continuation.resume(returning: self.failure) }
        }
        if let failure { throw failure }
    }

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        let result = await withCheckedContinuation { continuation in
            self.enqueue(.finish(sha256, continuation))
        }
        switch result {
        case .success(let info): return info
        case .failure(let error): throw error
        }
    }

    func abort() async throws(CacheError) {
        let failure = await withCheckedContinuation { continuation in self.enqueue(.abort(continuation)) }
        if let failure { throw failure }
    }

    func suspend() { self.enqueue(.suspend) }

    /// Ends this writer in favour of a newcomer: what was handed over is stored, nothing more is taken.
    func handOver() async {
        await withCheckedContinuation { continuation in
            self.enqueue(.handOver(continuation))
        }
    }

    private func enqueue(_ ending: AppendQueue.Ending) {
        let mustDrain = self.queue.withLock { queue -> Bool in
            queue.endings.append(ending)
            queue.due = queue.end
            if case .handOver = ending { queue.isHandingOver = true }
            return self.send(&queue)
        }
        if mustDrain { self.startDraining() }
    }

    private func startDraining() { self.store.workers.submit { self.drain() } }

    /// Refuses everything from now on.
    private func fail(_ error: CacheError) {
        let pausing = self.queue.withLock { queue in
            if queue.failure == nil { queue.failure = error }
            defer { queue.pausing = [] }
            return queue.pausing
        }
        for continuation in pausing { continuation.resume(returning: error) }
    }

    // MARK: The job's side

    /// Does what there is to do.
    ///
    /// - Parameter asOneOfMany: Whether other streams' jobs follow on this thread: what can take long then goes to another.
    private func drain(asOneOfMany: Bool = false) {
        var written = 0
        while let job = self.nextJob() {
            switch job {
            case .write(let block, let range):
                self.write(UnsafeRawBufferPointer(rebasing: block.memory[range]))
                written += range.count
            case .end(let ending):
                guard asOneOfMany else {
                    self.perform(ending)
                    continue
                }
                return self.store.workers.submit {
                    self.perform(ending)
                    self.drain()
                }
            }
            // A writer that is faster than the device never lets the queue run empty; others need the thread, too.
            if written >= (asOneOfMany ? Self.sharedTurn : Self.turn) { return self.startDraining() }
        }
    }

    /// What to do next; what it will store is what readers may ask for.
    private func nextJob() -> AppendQueue.Job? {
        self.queue.withLock { queue in
            let job = queue.next()
            self.accept(queue)
            return job
        }
    }

    private func perform(_ ending: AppendQueue.Ending) {
        switch ending {
        case .finish(let expected, let continuation):
            let result = self.end { () throws(CacheError) in
                try self.seal(expecting: expected)
            } change: { info in
                self.stream.change(to: .sealed) { $0 = info }
            }
            continuation.resume(returning: result)
        case .abort(let continuation):
            let result = self.end { () throws(CacheError) in
                try self.store.eraseAborted(self.stream)
            } change: { _ in
            }
            if case .failure(let error) = result {
                continuation.resume(returning: error)
            } else {
                continuation.resume(returning: nil)
            }
        case .suspend:
            if !self.isEnded { self.letGo() }
        case .handOver(let continuation):
            self.fail(.superseded(self.stream.id))
            if !self.isEnded {
                self.isEnded = true
                self.store.giveUp(self.reservation)
            }
            continuation.resume()
        }
    }

    /// Ends the writing by `body`; where it fails, the stream is suspended.
    ///
    /// - Parameter change: Says what the stream is doing then.
    private func end<Value>(
        _ body: () throws(CacheError) -> Value,
        change: (Value) -> Void
    ) -> Result<Value, CacheError> {
        guard !self.isEnded else {
            return .failure(.superseded(self.stream.id))
        }
        do throws(CacheError) {
            let value = try body()
            self.isEnded = true
            self.store.giveUp(self.reservation) { change(value) }
            return .success(value)
        } catch {
            self.letGo()
            return .failure(error)
        }
    }

    /// Leaves the stream as it is, for somebody to resume.
    private func letGo() {
        self.isEnded = true
        // A length that is set outlives a power cut, though the bytes may not have got to the device: zeros would stand
        // for them. So they go first.
        try? self.store.secure(self.stream, file: self.file)
        _ = try? self.store.shorten(self.file, to: self.stream.stored)
        var info = self.stream.info
        info.state = .suspended
        self.store.catalog.suspended(info)
        self.store.giveUp(self.reservation) { self.stream.change(to: .suspended) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) {
        let (failure, prepaid) = self.queue.withLock { queue -> (CacheError?, Int) in
            let prepaid = min(queue.prepaid, bytes.count)
            queue.prepaid -= prepaid
            return (queue.failure, prepaid)
        }
        if failure == nil {
            do throws(CacheError) {
                try self.tail.append(bytes, prepaid: Int64(prepaid))
            } catch {
                self.fail(error)
                self.stream.forgetUnstored()
            }
        } else {
            self.store.budget.give(bytes: Int64(prepaid))
        }
        let pausing = self.queue.withLock { queue -> [CheckedContinuation<CacheError?, Never>] in
            queue.bytes -= bytes.count
            guard queue.hasRoom else { return [] }
            defer { queue.pausing = [] }
            return queue.pausing
        }
        for continuation in pausing { continuation.resume(returning: self.failure) }
    }

    private func seal(expecting expected: SHA256Value?) throws(CacheError) -> StreamInfo {
        if let failure = self.failure { throw failure }
        let size = self.stream.stored
        let sha256 = try self.tail.sha256()
        let original = self.reservation.options.original
        if let expected = expected ?? original?.sha256, let sha256, expected != sha256 {
            throw CacheError(
                .digestMismatch,
                "\(size) bytes were stored with the SHA-256 \(sha256), but \(expected) was declared. The stream is kept as "
                    + "suspended; compare it, then abort or overwrite it.",
                streamID: self.stream.id
            )
        }
        return try self.store.seal(self.stream, file: self.file, size: size, sha256: sha256, original: original)
    }
}

extension CacheError {
    /// A writer that came later has the stream now.
    static func superseded(_ id: StreamID) -> CacheError {
        CacheError(.streamBusy, "Another connection has taken the upload over.", streamID: id)
    }
}
