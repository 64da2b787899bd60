import CacheProtocol
import Synchronization

extension MemoryStream {
    /// Returns once the stream is longer than `offset` or not live.
    func grown(past offset: Int64) async throws(CacheError) -> StreamStatus {
        let number = self.waiting.withLock { waiting in
            waiting.next += 1
            return waiting.next
        }
        let isDone = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let answer: Bool? = self.waiting.withLock { waiting in
                    if Task.isCancelled { return false }
                    if self.isDone(offset) { return true }
                    waiting.waiters[number] = Waiter(offset: offset, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.waiting.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: false)
        }
        guard isDone else {
            throw CacheError(.aborted, "The wait for the stream to grow was given up.", streamID: self.id)
        }
        return self.status
    }

    private func isDone(_ offset: Int64) -> Bool {
        let status = self.status
        return status.size > offset || status.state != .live
    }

    /// Looks who need not wait any more; after every change of the status.
    func wake() {
        let ready = self.waiting.withLock { waiting in
            guard !waiting.waiters.isEmpty else { return [Waiter]() }
            let ready = waiting.waiters.filter { self.isDone($0.value.offset) }
            for number in ready.keys { waiting.waiters.removeValue(forKey: number) }
            return Array(ready.values)
        }
        for waiter in ready { waiter.continuation.resume(returning: true) }
    }
}
