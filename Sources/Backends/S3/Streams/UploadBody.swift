import CacheProtocol
import Crypto
import NIOCore
import Synchronization

/// What an upload queue brings, as the body of one request: ends where the writer finishes, and fails where it ends in
/// another way, so that no object comes about.
struct UploadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The writer did not finish.
    struct Interrupted: Error {
        /// How it ended; `nil` where the task was cancelled.
        let end: UploadQueue.End?
    }

    let queue: UploadQueue
    let digest = RunningDigest()

    func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    struct Iterator: AsyncIteratorProtocol {
        let body: UploadBody

        mutating func next() async throws -> ByteBuffer? {
            switch await self.body.queue.next() {
            case .bytes(let bytes):
                self.body.digest.update(bytes)
                return bytes
            case .end(.finish): return nil
            case .end(let end): throw Interrupted(end: end)
            case .cancelled: throw Interrupted(end: nil)
            }
        }
    }
}

/// A SHA-256 that is computed by one and asked for by another.
final class RunningDigest: Sendable {
    private let hasher = Mutex(SHA256())

    func update(_ bytes: ByteBuffer) {
        self.hasher.withLock { hasher in bytes.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) } }
    }

    /// The digest of everything so far.
    var value: SHA256Value? { self.hasher.withLock { SHA256Value(bytes: $0.finalize()) } }
}
