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
    static let capacity = 256 << 10

    let memory: UnsafeMutableRawBufferPointer

    init() {
        self.memory = .allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit { self.memory.deallocate() }
}

/// The blocks of one event loop's thread, used again as soon as nobody holds them.
///
/// The lowest free one is taken, so that the same few stay warm however many were once needed.
final class StagingBlockPool {
    /// How many blocks a thread keeps.
    private static let kept = 16

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

    /// A block that nobody else holds.
    func take() -> StagingBlock {
        for index in self.blocks.indices where isKnownUniquelyReferenced(&self.blocks[index]) {
            return self.blocks[index]
        }
        let block = StagingBlock()
        if self.blocks.count < Self.kept { self.blocks.append(block) }
        return block
    }
}
