import CacheProtocol
import NIOPosix

/// The threads that wait for devices, so that event loops need not.
final class FileWorkers: Sendable {
    private let pool: NIOThreadPool

    /// Starts the threads.
    ///
    /// - Parameter count: How many; each can be held up by one slow call.
    init(count: Int) {
        self.pool = NIOThreadPool(numberOfThreads: count)
        self.pool.start()
    }

    deinit { self.pool.shutdownGracefully { _ in } }

    /// Does work on one of the threads, and does not wait for it.
    func submit(_ work: @escaping @Sendable () -> Void) {
        self.pool.submit { _ in work() }
    }

    /// Does work on one of the threads, together with what else is asked for in this turn of the calling event loop: where
    /// many streams grow by a little at once, waking a thread for each costs more than writing the bytes.
    func submitTogether(_ work: @escaping @Sendable () -> Void) {
        guard let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop else { return self.submit(work) }
        WorkBatch.current.add(work, for: self, on: eventLoop)
    }

    /// Does work on one of the threads.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable () throws(CacheError) -> Value
    ) async throws(CacheError) -> Value {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, CacheError>, Never>) in
            self.pool.submit { _ in
                do throws(CacheError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }.asTyped()
    }
}

extension Result where Failure == CacheError {
    /// The value, or the failure with its type kept.
    fileprivate func asTyped() throws(CacheError) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let error): throw error
        }
    }
}
