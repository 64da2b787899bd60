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

    /// Waits for the writer's end once everything was sent. What comes until then is more than there should be, and has
    /// the digest be another.
    ///
    /// - Returns: The end; `nil` where the task was cancelled.
    func ended() async -> UploadQueue.End? {
        while true {
            switch await self.queue.next() {
            case .bytes(let bytes): self.digest.update(bytes)
            case .end(let end): return end
            case .cancelled: return nil
            }
        }
    }

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
    private struct State {
        var hasher = SHA256()
        var count: Int64 = 0
    }

    private let state = Mutex(State())

    func update(_ bytes: ByteBuffer) {
        self.state.withLock { state in
            bytes.withUnsafeReadableBytes { state.hasher.update(bufferPointer: $0) }
            state.count += Int64(bytes.readableBytes)
        }
    }

    /// How many bytes there were so far.
    var count: Int64 { self.state.withLock { $0.count } }

    /// The digest of everything so far.
    var value: SHA256Value? { self.state.withLock { SHA256Value(bytes: $0.hasher.finalize()) } }
}
