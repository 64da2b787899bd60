import Dispatch
import Synchronization

/// Work that waits for devices, on threads of its own, so that everything else in the process goes on.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "cache-inspect.files", attributes: .concurrent)

    /// Whether the task that waits was cancelled; work that takes long looks at it now and then.
    final class Cancellation: Sendable {
        private let flag = Atomic(false)

        var isCancelled: Bool { self.flag.load(ordering: .relaxed) }

        func cancel() { self.flag.store(true, ordering: .relaxed) }
    }

    /// Does work on one of the threads. How much is done at once is for the caller to bound.
    static func perform<Value: Sendable>(_ work: @escaping @Sendable (Cancellation) -> Value) async -> Value {
        let cancellation = Cancellation()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Self.queue.async { continuation.resume(returning: work(cancellation)) }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }
}

extension BlockingWork {
    /// As ``perform(_:)``, for work that can fail.
    static func attempt<Value: Sendable>(
        _ work: @escaping @Sendable (Cancellation) throws(InspectError) -> Value
    ) async throws(InspectError) -> Value {
        let result: Result<Value, InspectError> = await Self.perform { cancellation in
            do throws(InspectError) {
                return .success(try work(cancellation))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw error
        }
    }
}
