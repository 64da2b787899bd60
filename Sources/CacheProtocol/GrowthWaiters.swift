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
        var waiters: [Waiter] = []
        var lastNumber: UInt64 = 0

        mutating func nextNumber() -> UInt64 {
            self.lastNumber += 1
            return self.lastNumber
        }
    }

    private struct Waiter {
        var number: UInt64
        var offset: Int64
        var state: StreamState
        var call: Call

        func isOver(_ status: StreamStatus) -> Bool { status.size > self.offset || status.state != self.state }
    }

    private enum Call {
        case task(CheckedContinuation<StreamStatus?, Never>)
        case observer(any GrowthObserver)
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
                let waiter = Waiter(number: number, offset: offset, state: state, call: .task(continuation))
                let answer: StreamStatus?? = self.core.withLock { core in
                    if Task.isCancelled { return .some(nil) }
                    let status = current()
                    if waiter.isOver(status) { return status }
                    core.waiters.append(waiter)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            if case .task(let continuation) = self.take(number) { continuation.resume(returning: nil) }
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
        var waiter = Waiter(number: 0, offset: offset, state: state, call: .observer(observer))
        let answer = self.core.withLock { core -> StreamStatus? in
            waiter.number = core.nextNumber()
            let status = current()
            if waiter.isOver(status) { return status }
            core.waiters.append(waiter)
            return nil
        }
        if let answer { observer.streamHasGrown(StreamGrowth(answer)) }
        return GrowthWait(in: self, number: waiter.number)
    }

    /// Takes a waiter out.
    private func take(_ number: UInt64) -> Call? {
        self.core.withLock { core in
            guard let index = core.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return core.waiters.remove(at: index).call
        }
    }

    /// Takes an observer out that does not want to be told any more.
    func forget(_ number: UInt64) { _ = self.take(number) }

    /// Lets those go on whose wait is over. Call it after each change of the stream's length or state.
    ///
    /// - Parameters:
    ///   - status: The stream's length and state, as published.
    ///   - latest: The bytes before `status.size`, where they are at hand; valid during the call.
    public func wake(_ status: StreamStatus, latest: UnsafeRawBufferPointer? = nil) {
        let ready = self.core.withLock { core -> [Waiter] in
            guard !core.waiters.isEmpty else { return [] }
            let first = core.waiters.partition { $0.isOver(status) }
            if first == 0 {
                defer { core.waiters = [] }
                return core.waiters
            }
            defer { core.waiters.removeSubrange(first...) }
            return Array(core.waiters[first...])
        }
        var growth: StreamGrowth?
        for waiter in ready {
            switch waiter.call {
            case .task(let continuation): continuation.resume(returning: status)
            case .observer(let observer):
                // Copied for the first who wants them.
                let told = growth ?? StreamGrowth(status, latest: Self.copy(latest))
                growth = told
                observer.streamHasGrown(told)
            }
        }
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer?) -> ByteBuffer? {
        guard let bytes, bytes.count <= Self.mostHandedOver else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        return buffer
    }
}
