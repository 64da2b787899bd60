import NIOCore
import NIOPosix

/// Work that one turn of an event loop has for the threads, to be handed over at its end.
final class WorkBatch {
    /// How much goes to one thread: so much waits behind one slow call at most.
    private static let most = 8

    private var workers: FileWorkers?
    private var work: [@Sendable () -> Void] = []
    private var isScheduled = false

    // Safe to share: each thread sees its own value only (pthread_getspecific(3)), and an event loop is one thread.
    nonisolated(unsafe) private static let ofThread = ThreadSpecificVariable<WorkBatch>()

    /// The batch of the calling event loop.
    static var current: WorkBatch {
        if let batch = self.ofThread.currentValue { return batch }
        let batch = WorkBatch()
        self.ofThread.currentValue = batch
        return batch
    }

    /// Adds work for some threads, which is handed over once the loop has done what it is at.
    func add(_ work: @escaping @Sendable () -> Void, for workers: FileWorkers, on eventLoop: any EventLoop) {
        if self.workers !== workers { self.handOver() }
        self.workers = workers
        self.work.append(work)
        guard self.work.count < Self.most else { return self.handOver() }
        guard !self.isScheduled else { return }
        self.isScheduled = true
        eventLoop.execute {
            let batch = WorkBatch.current
            batch.isScheduled = false
            batch.handOver()
        }
    }

    private func handOver() {
        guard let workers = self.workers, !self.work.isEmpty else { return }
        let work = self.work
        self.work = []
        self.workers = nil
        workers.submit { for piece in work { piece() } }
    }
}
