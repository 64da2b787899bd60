import NIOCore
import NIOPosix

/// The buffers that one thread reads file bytes into.
///
/// A buffer is lent when it has been filled, and filled again when its turn comes and nobody holds it any more; where
/// somebody still does, `ByteBuffer` leaves him the old memory and takes new. So nothing is copied, nothing is shared,
/// and in the usual flow nothing is allocated.
final class ReadBufferPool {
    /// The most bytes that one read brings. Two or three of these fit the processor's cache together with what else
    /// goes on there; more would only be fetched from memory again when they are sent.
    static let capacity = 64 << 10
    /// Reads of up to this many bytes get memory of their own size: a small answer must not pin a large buffer.
    private static let small = 8 << 10
    private static let kept = 16

    private var buffers: [ByteBuffer] = []
    private var next = 0

    // Safe to share: each thread sees its own value only (pthread_getspecific(3)).
    nonisolated(unsafe) private static let ofThread = ThreadSpecificVariable<ReadBufferPool>()

    /// The pool of the calling thread.
    static var current: ReadBufferPool {
        if let pool = self.ofThread.currentValue { return pool }
        let pool = ReadBufferPool()
        self.ofThread.currentValue = pool
        return pool
    }

    /// Fills a buffer and lends it.
    ///
    /// - Parameters:
    ///   - count: The most bytes wanted; no more than ``capacity`` come.
    ///   - read: Writes to the memory, and returns how many bytes it wrote; `nil` if it can't now.
    /// - Returns: The bytes, or `nil`.
    func fill<Failure: Error>(
        count: Int,
        _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int?
    ) throws(Failure) -> ByteBuffer? {
        let count = min(count, Self.capacity)
        guard count > Self.small else {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            return try Self.fill(&buffer, count: count, read) ? buffer : nil
        }
        if self.buffers.count < Self.kept {
            self.next = self.buffers.count
            self.buffers.append(ByteBufferAllocator().buffer(capacity: Self.capacity))
        } else {
            self.next = (self.next + 1) % Self.kept
            self.buffers[self.next].clear(minimumCapacity: Self.capacity)
        }
        return try Self.fill(&self.buffers[self.next], count: count, read) ? self.buffers[self.next] : nil
    }

    private static func fill<Failure: Error>(
        _ buffer: inout ByteBuffer,
        count: Int,
        _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int?
    ) throws(Failure) -> Bool {
        var result: Result<Int?, Failure> = .success(nil)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
            do throws(Failure) {
                result = .success(try read(UnsafeMutableRawBufferPointer(rebasing: memory[..<count])))
            } catch {
                result = .failure(error)
            }
            guard case .success(.some(let filled)) = result else { return 0 }
            return filled
        }
        return try result.get() != nil
    }
}
