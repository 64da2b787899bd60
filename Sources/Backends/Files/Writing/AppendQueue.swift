import CacheProtocol
import DequeModule

/// What one writer has handed over and its job has not done yet: blocks of bytes, and what ends the writing after them.
struct AppendQueue {
    /// How many bytes may wait where there is enough memory.
    static let usualLimit = 2 << 20
    /// The same where there is not: what comes goes to the file at once.
    static let scarceLimit = StagingBlock.spareCapacity

    /// What the job takes from the queue.
    enum Job {
        case write(StagingBlock, Range<Int>)
        case end(Ending)
    }

    /// What ends the writing.
    enum Ending {
        case finish(SHA256Value?, CheckedContinuation<Result<StreamInfo, CacheError>, Never>)
        case abort(CheckedContinuation<CacheError?, Never>)
        case suspend
        case handOver(CheckedContinuation<Void, Never>)
    }

    /// Blocks that are full, oldest first, and from where on they are to be written.
    var full: Deque<(block: StagingBlock, start: Int)> = []
    /// The block that is being filled, how far it is, and how far it was taken. Its end belongs to a multiple of its
    /// size in the file, so that the first one of a stream that goes on may begin somewhere inside it.
    var current: StagingBlock?
    var filled = 0
    var taken = 0
    /// From where on the current block was filled.
    private var begun = 0
    var endings: [Ending] = []
    var isDraining = false
    /// Whether the writer has nothing more at hand, so that an empty queue needs no memory.
    var isIdle = false
    /// Bytes in the queue and in the job's hands.
    var bytes = 0
    /// How far they may grow before the writer is asked to wait.
    var limit = AppendQueue.usualLimit
    /// For how many of them room was taken in the budget when they came; for the rest that is still to be done.
    var prepaid = 0
    /// How long the stream is with everything that was handed over.
    var end: Int64
    /// Up to where bytes are to be written although their block is not full.
    var due: Int64
    var failure: CacheError?
    /// Whether a newcomer waits for what was handed over to be stored; nothing more is taken then.
    var isHandingOver = false
    var pausing: [CheckedContinuation<CacheError?, Never>] = []

    /// Nothing was handed over to a stream of this size.
    init(size: Int64) {
        self.end = size
        self.due = size
    }

    /// Whether the caller is to start the draining job.
    mutating func startDraining() -> Bool {
        guard !self.isDraining else { return false }
        self.isDraining = true
        return true
    }

    /// What to do next, oldest first and bytes before what ends them; `nil` ends the job.
    mutating func next() -> Job? {
        if let oldest = self.full.first {
            self.full.removeFirst()
            return .write(oldest.block, oldest.start..<oldest.block.capacity)
        }
        if let block = self.current, self.taken < self.filled, self.due > self.end - Int64(self.filled - self.taken) {
            // What came after the bytes that are due goes with them, and readers may ask for it from now on.
            self.due = self.end
            defer { self.taken = self.filled }
            return .write(block, self.taken..<self.filled)
        }
        if self.isIdle { self.release() }
        guard !self.endings.isEmpty else {
            self.isDraining = false
            return nil
        }
        return .end(self.endings.removeFirst())
    }

    /// Goes on with a new block, to be filled from where its end will lie at a multiple of its size in the file.
    mutating func begin(_ block: StagingBlock) {
        self.current = block
        self.filled = Int(self.end % Int64(block.capacity))
        self.taken = self.filled
        self.begun = self.filled
        self.limit = block.isSpare ? Self.scarceLimit : Self.usualLimit
    }

    /// `count` more bytes of the current block are filled.
    ///
    /// - Returns: Whether the writer is to wait.
    mutating func publish(_ count: Int) -> Bool {
        self.filled += count
        self.bytes += count
        self.end += Int64(count)
        if let block = self.current, self.filled == block.capacity {
            self.full.append((block, self.taken))
            self.release()
        }
        let mustPause = self.bytes > self.limit
        // Where memory is scarce nothing waits for a block to fill: the writer may be the one that would fill it.
        if mustPause, self.limit == Self.scarceLimit { self.due = self.end }
        return mustPause
    }

    /// Whether a writer that waits may go on.
    var hasRoom: Bool { self.bytes <= self.limit / 2 }

    /// Up to where bytes get to the file without the writer's doing anything more: with all blocks that are full, and
    /// what is due of the current one. It never shrinks.
    var onItsWay: Int64 { max(self.due, self.end - Int64(self.filled - self.begun)) }

    /// Gives the current block back.
    mutating func release() {
        self.current = nil
        self.filled = 0
        self.taken = 0
        self.begun = 0
    }
}
