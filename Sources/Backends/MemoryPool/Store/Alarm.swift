import Synchronization

/// Wakes one waiter when a moment has come, or when an earlier one has been set meanwhile.
final class Alarm: Sendable {
    private let state = Mutex(State())

    private struct State {
        /// The earliest moment that was set since the last ``reset()``.
        var earliest = Int64.max
        /// Until when the waiter sleeps.
        var planned = Int64.max
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Forgets what was set; before looking what there is to be done.
    func reset() { self.state.withLock { $0.earliest = .max } }

    /// Something will be to be done.
    ///
    /// - Parameter moment: When, in milliseconds of the monotonic clock.
    func set(_ moment: Int64) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.earliest = min(state.earliest, moment)
            return moment < state.planned ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Returns once `moment` or an earlier one that is set has come, an earlier one is set, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - moment: When to wake at the latest; `nil` for never.
    ///   - now: The monotonic clock's time.
    func wait(until moment: Int64?, now: Int64) async {
        let planned = self.state.withLock { state in
            state.planned = min(moment ?? .max, max(state.earliest, now))
            return state.planned
        }
        await withTaskGroup(of: Void.self) { group in
            if planned != .max {
                group.addTask { try? await Task.sleep(for: .milliseconds(max(0, planned - now))) }
            }
            group.addTask { await self.earlier(than: planned) }
            await group.next()
            group.cancelAll()
        }
    }

    private func earlier(than planned: Int64) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isOver = self.state.withLock { state in
                    if Task.isCancelled || state.earliest < planned { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
