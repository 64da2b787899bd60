import NIOPosix

/// The threads that digest, so that event loops need not.
final class DigestWorkers: Sendable {
    private let pool: NIOThreadPool

    /// Starts the threads.
    ///
    /// - Parameter count: How many; each does one stream's digest at a time.
    init(count: Int) {
        self.pool = NIOThreadPool(numberOfThreads: count)
        self.pool.start()
    }

    deinit { self.pool.shutdownGracefully { _ in } }

    /// Does work on one of the threads, and does not wait for it.
    func submit(_ work: @escaping @Sendable () -> Void) {
        self.pool.submit { _ in work() }
    }
}
