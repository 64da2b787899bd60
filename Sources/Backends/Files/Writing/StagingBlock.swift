import NIOCore
import NIOPosix

/// Memory that received bytes are unmasked into and written to a file from.
///
/// One writer fills it front to back on its event loop, and hands ranges that it will not touch again to the job that
/// writes them.
final class StagingBlock: @unchecked Sendable {
    // Sendable: a range is written by the event loop before it is handed on, and only read after that; the hand-over
    // goes through the appender's lock.

    /// A block's size. Large enough that a hop to another thread is small beside the bytes, small enough to stay in
    /// the processor's cache between being filled and being written.
    static let usualCapacity = 256 << 10
    /// The size of a block where the usual ones are all in use.
    static let spareCapacity = 64 << 10

    let memory: UnsafeMutableRawBufferPointer

    /// Makes a block.
    ///
    /// - Parameter capacity: Its size in bytes.
    init(capacity: Int) {
        self.memory = .allocate(byteCount: capacity, alignment: 64)
    }

    /// Its size in bytes.
    var capacity: Int { self.memory.count }
    /// Whether it was made for the moment, because the usual blocks were all in use.
    var isSpare: Bool { self.capacity < Self.usualCapacity }

    deinit { self.memory.deallocate() }
}

/// The blocks of one event loop's thread, used again as soon as nobody holds them.
///
/// The lowest free one is taken, so that the same few stay warm however many were once needed. There are only so many:
/// a thousand fast uploads must not take a thousand times what one may, and memory that is used for the first time costs
/// more than everything else on a byte's way. Where none is free, a writer gets a small one for the moment, and waits.
final class StagingBlockPool {
    /// How many blocks a thread keeps: 48 MiB for all event loops together, where there are not very many of them.
    static let kept = max(8, 192 / System.coreCount)

    private var blocks: [StagingBlock] = []

    // Safe to share: each thread sees its own value only (pthread_getspecific(3)).
    nonisolated(unsafe) private static let ofThread = ThreadSpecificVariable<StagingBlockPool>()

    /// The pool of the calling thread.
    static var current: StagingBlockPool {
        if let pool = self.ofThread.currentValue { return pool }
        let pool = StagingBlockPool()
        self.ofThread.currentValue = pool
        return pool
    }

    /// A block that nobody else holds; a spare one where all are held.
    func take() -> StagingBlock {
        for index in self.blocks.indices where isKnownUniquelyReferenced(&self.blocks[index]) {
            return self.blocks[index]
        }
        guard self.blocks.count < Self.kept else { return StagingBlock(capacity: StagingBlock.spareCapacity) }
        let block = StagingBlock(capacity: StagingBlock.usualCapacity)
        self.blocks.append(block)
        return block
    }
}
