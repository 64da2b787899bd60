import CacheProtocol
import Synchronization

/// Whether the bucket is there, as far as answers have shown lately: what tells an object that is missing from a bucket
/// that is. Of those who want to know at once one asks, and the others wait for what that one is told.
final class BucketPresence: Sendable {
    /// For how long an answer counts, in milliseconds.
    private static let validity: Int64 = 5_000

    /// What came of asking; `nil` where that is not known, because whoever asked or waits was cancelled.
    private typealias Outcome = Result<Void, S3Failure>?

    private struct State {
        var seenAt: Timestamp?
        var isBeingAsked = false
        var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    /// The store has done something in the bucket.
    ///
    /// - Parameter time: When that was asked for.
    func note(at time: Timestamp) { self.state.withLock { $0.seenAt = time } }

    /// Whether the store has done something in the bucket lately. After the clock was set back that is not known.
    func wasSeen(lately now: Timestamp) -> Bool {
        self.state.withLock { state in
            guard let seenAt = state.seenAt else { return false }
            let age = now.millisecondsSinceEpoch &- seenAt.millisecondsSinceEpoch
            return (0..<Self.validity).contains(age)
        }
    }

    /// Asks, or waits for who does.
    ///
    /// - Parameter ask: Asks the store for the bucket.
    /// - Throws: What the store says of it; or that the task was cancelled.
    func confirm(_ ask: () async throws(S3Failure) -> Void) async throws(S3Failure) {
        while !self.begin() {
            if let outcome = await self.outcome() { return try outcome.get() }
            if Task.isCancelled {
                throw S3Failure(status: 0, code: "", message: "the task was cancelled", request: "GET the bucket")
            }
        }
        let outcome: Result<Void, S3Failure>
        do throws(S3Failure) {
            try await ask()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        self.end(Task.isCancelled ? nil : outcome)
        try outcome.get()
    }

    private func begin() -> Bool {
        self.state.withLock { state in
            guard !state.isBeingAsked else { return false }
            state.isBeingAsked = true
            return true
        }
    }

    private func end(_ outcome: Outcome) {
        let waiting = self.state.withLock { state in
            state.isBeingAsked = false
            let waiting = Array(state.waiting.values)
            state.waiting = [:]
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }

    /// Waits for what whoever asks is told.
    private func outcome() async -> Outcome {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    if Task.isCancelled || !state.isBeingAsked { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isOver { continuation.resume(returning: nil) }
            }
        } onCancel: {
            self.state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
        }
    }
}
