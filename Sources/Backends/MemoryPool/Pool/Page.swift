@_spi(CustomByteBufferAllocator) import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A page that is out: where a stream's bytes are written, and what lends them.
///
/// The page goes back to its arena when it and everything it lent was dropped.
struct Page: @unchecked Sendable {
    // Sendable: the memory is written by the stream's one writer, who is under a lock, and only beyond what was lent.

    /// For the writer.
    let memory: UnsafeMutableRawPointer
    /// Never handed out itself: as long as it is held, whoever changes a lent slice gets a copy of his own.
    private let owner: ByteBuffer

    init(_ memory: UnsafeMutableRawPointer, size: Int) {
        self.memory = memory
        self.owner = ByteBuffer(
            takingOwnershipOf: UnsafeMutableRawBufferPointer(start: memory, count: size),
            allocator: Self.allocator
        )
    }

    /// Lends bytes of the page, without a copy.
    ///
    /// - Parameters:
    ///   - offset: Where they start in the page.
    ///   - count: How many; they must have been written.
    /// - Returns: The bytes, or `nil` where they are not inside the page.
    func lend(at offset: Int, count: Int) -> ByteBuffer? { self.owner.getSlice(at: offset, length: count) }

    /// Where a buffer's memory comes from and goes to. A buffer that starts on a page may move to the heap when its
    /// holder changes it, so each function has to tell a page from other memory.
    private static let allocator = ByteBufferAllocator(
        allocate: { malloc($0) },
        reallocate: { memory, oldSize, newSize in
            guard let memory, let arena = ArenaRegistry.arena(of: memory) else { return realloc(memory, newSize) }
            guard let copy = malloc(newSize) else { return nil }
            copy.copyMemory(from: memory, byteCount: min(oldSize, newSize))
            arena.giveBack(memory)
            return copy
        },
        deallocate: { memory in
            guard let arena = ArenaRegistry.arena(of: memory) else { return free(memory) }
            arena.giveBack(memory)
        },
        copy: { target, source, count in target.copyMemory(from: source, byteCount: count) }
    )
}
