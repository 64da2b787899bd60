import NIOCore

/// Runs tasks on an event loop, so that what ends a wait reaches the loop at once, and not by way of the threads of the
/// default executor: for a stream's live end those two hops cost more than reading and sending a packet.
///
/// Only for tasks that wait, and do nothing else: what they did would hold up every connection of the loop.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
