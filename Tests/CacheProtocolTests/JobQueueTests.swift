import CacheProtocol
import Synchronization
import Testing

@Suite("A backend's jobs have an owner")
struct JobQueueTests {
    /// Runs a queue for as long as `body` takes, then cancels it and waits for its end.
    private func withQueue(_ queue: JobQueue, _ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await queue.run() }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("jobs run, those submitted before the queue does included, and side by side")
    func run() async throws {
        let queue = JobQueue()
        let (early, endEarly) = AsyncStream<Int>.makeStream()
        #expect(queue.submit { endEarly.yield(0) })
        try await self.withQueue(queue) {
            for await number in early {
                if number == 3 { break }
                // Each job is submitted by one that has not ended.
                #expect(queue.submit { endEarly.yield(number + 1) })
            }
        }
    }

    @Test("when the queue ends, jobs see their cancellation, none is left at work, and no more are taken")
    func end() async throws {
        let queue = JobQueue()
        let ended = Atomic<Int>(0)
        let (started, start) = AsyncStream<Void>.makeStream()
        try await self.withQueue(queue) {
            for _ in 0..<10 {
                let isTaken = queue.submit {
                    start.yield()
                    try? await Task.sleep(for: .seconds(3_600))
                    ended.add(1, ordering: .relaxed)
                }
                #expect(isTaken)
            }
            var count = 0
            for await _ in started {
                count += 1
                if count == 10 { break }
            }
        }
        let endedCount = ended.load(ordering: .relaxed)
        #expect(endedCount == 10)
        #expect(!queue.submit {})
    }

    @Test("a queue that was cancelled before it ran still lets its jobs see that")
    func cancelledAtOnce() async throws {
        let queue = JobQueue()
        let wasCancelled = Atomic<Bool>(false)
        #expect(queue.submit { wasCancelled.store(Task.isCancelled, ordering: .relaxed) })
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await queue.run() }
        }
        let sawIt = wasCancelled.load(ordering: .relaxed)
        #expect(sawIt)
    }
}
