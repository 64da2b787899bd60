import Synchronization

/// Those who wait for one stream to grow: what a backend needs to keep the promise of ``StreamSource/grown(past:while:)``
/// without polling.
///
/// Publish the change first, then call ``wake(_:)``. A waiter that is cancelled goes at once.
public final class GrowthWaiters: Sendable {
    private let core = Mutex(Core())

    private struct Core {
        var waiters: [UInt64: Waiter] = [:]
        var lastNumber: UInt64 = 0
    }

    private struct Waiter {
        var offset: Int64
        var state: StreamState
        var continuation: CheckedContinuation<StreamStatus?, Never>
    }

    /// Nobody waits yet.
    public init() {}

    /// Returns once the stream is longer than `offset` or not in `state` any more.
    ///
    /// - Parameters:
    ///   - offset: A length in bytes.
    ///   - state: The state during which waiting makes sense.
    ///   - current: The stream's length and state at the moment of the call, from memory.
    /// - Returns: The status that ended the wait.
    /// - Throws: ``CacheError`` with code `aborted` where the task is cancelled.
    public func wait(
        past offset: Int64,
        while state: StreamState,
        status current: () -> StreamStatus
    ) async throws(CacheError) -> StreamStatus {
        let number = self.core.withLock { core in
            core.lastNumber += 1
            return core.lastNumber
        }
        let status = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<StreamStatus?, Never>) in
                let answer: StreamStatus?? = self.core.withLock { core in
                    if Task.isCancelled { return .some(nil) }
                    let status = current()
                    if Self.isOver(status, offset, state) { return status }
                    core.waiters[number] = Waiter(offset: offset, state: state, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.core.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: nil)
        }
        guard let status else { throw CacheError(.aborted, "The wait for the stream to grow was given up.") }
        return status
    }

    /// Lets those go on whose wait is over. Call it after each change of the stream's length or state.
    ///
    /// - Parameter status: The stream's length and state, as published.
    public func wake(_ status: StreamStatus) {
        let ready = self.core.withLock { core -> [Waiter] in
            guard !core.waiters.isEmpty else { return [] }
            let ready = core.waiters.filter { Self.isOver(status, $0.value.offset, $0.value.state) }
            for number in ready.keys { core.waiters.removeValue(forKey: number) }
            return Array(ready.values)
        }
        for waiter in ready { waiter.continuation.resume(returning: status) }
    }

    private static func isOver(_ status: StreamStatus, _ offset: Int64, _ state: StreamState) -> Bool {
        status.size > offset || status.state != state
    }
}
