import Synchronization

/// How long the kit waits before it says that something will not happen.
enum Patience {
    /// For a whole check.
    static let check: Duration = .seconds(300)
    /// For one event; see ``BackendFixture/patience``.
    @TaskLocal static var wait: Duration = .seconds(20)
}

/// Waits for work, but not for ever.
///
/// - Parameters:
///   - finding: What it means if the work does not end.
///   - limit: How long to wait.
///   - body: The work.
func within<Value: Sendable>(
    _ finding: String,
    limit: Duration = Patience.wait,
    file: String = #fileID,
    line: Int = #line,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    // Two tasks of their own, not a group, which would wait for both: work that does not heed its being cancelled is
    // one of the faults to be reported.
    let outcome = Outcome<Value>()
    let work = Task {
        do { outcome.resolve(.success(try await body())) } catch { outcome.resolve(.failure(error)) }
    }
    let timer = Task {
        do {
            try await Task.sleep(for: limit)
            outcome.resolve(.failure(BrokenPromise(finding, file: file, line: line)))
        } catch {
            // The work was done in time.
        }
    }
    defer {
        work.cancel()
        timer.cancel()
    }
    return try await outcome.value()
}

/// Looks again and again until a condition holds, for what a backend may do in the background.
func eventually(
    _ finding: () async -> String,
    file: String = #fileID,
    line: Int = #line,
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: Patience.wait)
    var pause = Duration.microseconds(100)
    while try await !condition() {
        if clock.now >= deadline { throw BrokenPromise(await finding(), file: file, line: line) }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(20))
    }
}

/// A result that is waited for once and counts once.
private final class Outcome<Value: Sendable>: Sendable {
    private let state = Mutex(State())

    private struct State {
        var result: Result<Value, any Error>?
        var waiter: CheckedContinuation<Result<Value, any Error>, Never>?
    }

    func resolve(_ result: Result<Value, any Error>) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Result<Value, any Error>, Never>? in
            guard state.result == nil else { return nil }
            state.result = result
            return state.waiter.take()
        }
        waiter?.resume(returning: result)
    }

    func value() async throws -> Value {
        try await withCheckedContinuation { continuation in
            let result = self.state.withLock { state -> Result<Value, any Error>? in
                if state.result == nil { state.waiter = continuation }
                return state.result
            }
            if let result { continuation.resume(returning: result) }
        }.get()
    }
}
