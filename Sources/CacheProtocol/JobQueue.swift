import Synchronization

/// Work that a backend has begun for a call which does not wait for it, such as putting away what a dropped writer left:
/// owned by the backend's ``CacheBackend/run()``, so that no task is without an owner.
///
/// ```swift
/// guard jobs.submit({ await upload.pump() }) else { throw CacheError(.shuttingDown, "…") }
/// ```
///
/// Jobs that are submitted before ``run()`` start with it.
public final class JobQueue: Sendable {
    /// A piece of work. It heeds cancellation, and reports its end to whoever needs to know by itself.
    public typealias Job = @Sendable () async -> Void

    private let state = Mutex(State())

    private struct State {
        var waiting: [Job] = []
        var isClosed = false
        var runner: CheckedContinuation<Void, Never>?
    }

    /// A queue without jobs.
    public init() {}

    /// Hands a job over.
    ///
    /// - Parameter job: The work.
    /// - Returns: `false` where the queue has ended, and the job was not taken.
    public func submit(_ job: @escaping Job) -> Bool {
        let (isTaken, runner) = self.state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard !state.isClosed else { return (false, nil) }
            state.waiting.append(job)
            return (true, state.runner.take())
        }
        runner?.resume()
        return isTaken
    }

    /// Runs jobs until the task is cancelled; then cancels those at work, lets each see that, and waits for them. The
    /// queue takes none after that.
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for job in self.take() { group.addTask { await job() } }
                await self.wait()
            }
            for job in self.close() { group.addTask { await job() } }
            group.cancelAll()
        }
    }

    private func take() -> [Job] {
        self.state.withLock { state in
            let jobs = state.waiting
            state.waiting = []
            return jobs
        }
    }

    private func close() -> [Job] {
        self.state.withLock { $0.isClosed = true }
        return self.take()
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = self.state.withLock { state in
                    if Task.isCancelled || !state.waiting.isEmpty { return true }
                    state.runner = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.runner.take() }?.resume()
        }
    }
}
