import CacheProtocol
import Crypto
import NIOCore
import Synchronization

/// The SHA-256 of one stream, computed on other threads while the stream grows.
///
/// One job at a time runs for a stream, and digests whatever has been stored meanwhile.
final class StreamDigest: Sendable {
    /// How much is worth waking a thread for.
    private static let worthwhile: Int64 = 256 << 10
    /// How much one job does before others have their turn.
    private static let turn: Int64 = 2 << 20

    private let workers: DigestWorkers
    private let progress = Mutex(Progress())

    private struct Progress {
        /// `nil` while a job has it.
        var hasher: SHA256? = SHA256()
        var digested: Int64 = 0
        /// Whoever waits for the digest of so many bytes.
        var waiter: (size: Int64, continuation: CheckedContinuation<SHA256Value?, Never>)?
    }

    init(_ workers: DigestWorkers) { self.workers = workers }

    /// Bytes up to `size` can be read from `stream`.
    func grown(to size: Int64, _ stream: MemoryStream) {
        let hasher: SHA256? = self.progress.withLock { progress in
            size - progress.digested < Self.worthwhile ? nil : progress.hasher.take()
        }
        if let hasher { self.start(hasher, stream) }
    }

    /// The digest of a stream that grows no more.
    ///
    /// - Parameters:
    ///   - size: The stream's length.
    ///   - stream: The stream.
    /// - Returns: The digest; `nil` where the bytes were dropped, or somebody else asked meanwhile.
    func value(at size: Int64, of stream: MemoryStream) async -> SHA256Value? {
        await withCheckedContinuation { (continuation: CheckedContinuation<SHA256Value?, Never>) in
            let (hasher, superseded) = self.progress.withLock { progress in
                let superseded = progress.waiter?.continuation
                progress.waiter = (size, continuation)
                return (progress.hasher.take(), superseded)
            }
            superseded?.resume(returning: nil)
            if let hasher { self.start(hasher, stream) }
        }
    }

    private func start(_ hasher: SHA256, _ stream: MemoryStream) {
        self.workers.submit { self.digest(stream, with: hasher) }
    }

    private func digest(_ stream: MemoryStream, with given: SHA256) {
        var hasher = given
        var position = self.progress.withLock { $0.digested }
        let end = min(stream.status.size, position + Self.turn)
        var isReadable = true
        while position < end, isReadable {
            guard
                stream.status.state != .removed,
                let bytes = try? stream.read(at: position, count: Int(end - position))
            else {
                isReadable = false
                break
            }
            bytes.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
            position += Int64(bytes.readableBytes)
        }
        self.pause(hasher, at: position, isReadable: isReadable, stream)
    }

    private enum Next {
        case rest
        case goOn(SHA256)
        case answer(CheckedContinuation<SHA256Value?, Never>, SHA256Value?)
    }

    private func pause(_ hasher: SHA256, at position: Int64, isReadable: Bool, _ stream: MemoryStream) {
        let next: Next = self.progress.withLock { progress in
            progress.digested = position
            let waiting = progress.waiter
            if let waiting, position >= waiting.size || !isReadable {
                progress.waiter = nil
                progress.hasher = hasher
                let isWhole = position == waiting.size
                return .answer(waiting.continuation, isWhole ? SHA256Value(bytes: hasher.finalize()) : nil)
            }
            let rest = stream.status.size - position
            guard isReadable, rest >= Self.worthwhile || waiting != nil else {
                progress.hasher = hasher
                return .rest
            }
            return .goOn(hasher)
        }
        switch next {
        case .rest: break
        case .goOn(let hasher): self.start(hasher, stream)
        case .answer(let continuation, let value): continuation.resume(returning: value)
        }
    }
}
