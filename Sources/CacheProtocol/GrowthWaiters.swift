import NIOCore
import Synchronization

/// Those who wait for one stream to grow: what a backend needs to keep the promises of
/// ``StreamSource/grown(past:while:)`` and ``StreamSource/observeGrowth(past:while:_:)`` without polling.
///
/// Publish the change first, then call ``wake(_:latest:)``. A waiter that is cancelled goes at once.
public final class GrowthWaiters: Sendable {
    /// More bytes than these are not handed over: reading them costs no more than copying them.
    private static let mostHandedOver = 8 << 10

    private let core = Mutex(Core())

    private struct Core {
        /// Tasks, of which there may be thousands, and each may be cancelled.
        var tasks: [UInt64: (condition: Condition, continuation: CheckedContinuation<StreamStatus?, Never>)] = [:]
        /// Observers, each of which stands for all on its event loop.
        var observers: [(number: UInt64, condition: Condition, observer: any GrowthObserver)] = []
        var lastNumber: UInt64 = 0

        mutating func nextNumber() -> UInt64 {
            self.lastNumber += 1
            return self.lastNumber
        }
    }

    /// What is waited for.
    private struct Condition {
        var offset: Int64
        var state: StreamState

        func isMet(by status: StreamStatus) -> Bool { status.size > self.offset || status.state != self.state }
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
        let number = self.core.withLock { $0.nextNumber() }
        let status = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<StreamStatus?, Never>) in
                let condition = Condition(offset: offset, state: state)
                let answer: StreamStatus?? = self.core.withLock { core in
                    if Task.isCancelled { return .some(nil) }
                    let status = current()
                    if condition.isMet(by: status) { return status }
                    core.tasks[number] = (condition, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.core.withLock { $0.tasks.removeValue(forKey: number) }?.continuation.resume(returning: nil)
        }
        guard let status else { throw CacheError(.aborted, "The wait for the stream to grow was given up.") }
        return status
    }

    /// Has an observer told once the stream is longer than `offset` or not in `state` any more; before this returns, where
    /// that is so already.
    ///
    /// - Parameters:
    ///   - offset: A length in bytes.
    ///   - state: The state during which waiting makes sense.
    ///   - observer: Whom to tell; kept until then.
    ///   - current: The stream's length and state at the moment of the call, from memory.
    /// - Returns: The wait, to be kept until it is over.
    public func observe(
        past offset: Int64,
        while state: StreamState,
        _ observer: any GrowthObserver,
        status current: () -> StreamStatus
    ) -> GrowthWait {
        let condition = Condition(offset: offset, state: state)
        let (number, answer) = self.core.withLock { core -> (UInt64, StreamStatus?) in
            let number = core.nextNumber()
            let status = current()
            if condition.isMet(by: status) { return (number, status) }
            core.observers.append((number, condition, observer))
            return (number, nil)
        }
        if let answer { observer.streamHasGrown(StreamGrowth(answer)) }
        return GrowthWait(in: self, number: number)
    }

    /// Takes an observer out that does not want to be told any more.
    func forget(_ number: UInt64) { self.core.withLock { $0.observers.removeAll { $0.number == number } } }

    /// Lets those go on whose wait is over. Call it after each change of the stream's length or state.
    ///
    /// - Parameters:
    ///   - status: The stream's length and state, as published.
    ///   - latest: The bytes before `status.size`, where they are at hand; valid during the call.
    public func wake(_ status: StreamStatus, latest: UnsafeRawBufferPointer? = nil) {
        let (observers, tasks) = self.core.withLock { core in
            (Self.takeObservers(&core, status), Self.takeTasks(&core, status))
        }
        for task in tasks { task.resume(returning: status) }
        guard !observers.isEmpty else { return }
        let growth = StreamGrowth(status, latest: Self.copy(latest))
        for observer in observers { observer.streamHasGrown(growth) }
    }

    private static func takeObservers(_ core: inout Core, _ status: StreamStatus) -> [any GrowthObserver] {
        let first = core.observers.partition { $0.condition.isMet(by: status) }
        defer { core.observers.removeSubrange(first...) }
        return core.observers[first...].map(\.observer)
    }

    private static func takeTasks(
        _ core: inout Core,
        _ status: StreamStatus
    ) -> [CheckedContinuation<StreamStatus?, Never>] {
        guard !core.tasks.isEmpty else { return [] }
        let ready = core.tasks.filter { $0.value.condition.isMet(by: status) }
        for number in ready.keys { core.tasks.removeValue(forKey: number) }
        return ready.values.map(\.continuation)
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer?) -> ByteBuffer? {
        guard let bytes, (1...Self.mostHandedOver).contains(bytes.count) else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        return buffer
    }
}
