import CacheProtocol
import Synchronization

/// Who copies what, who waits for it, and the bell that calls the copier.
final class CopyBoard: Sendable {
    private struct State {
        /// Streams that are being copied, and who waits for the end of that.
        var active: [StreamID: [CheckedContinuation<Void, Never>]] = [:]
        var isRung = false
        var copier: CheckedContinuation<Void, Never>?
        /// Who waits for a stream to be in the cold tier.
        var acknowledgements: [StreamID: [Int: CheckedContinuation<Bool, Never>]] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    // MARK: The copier

    /// Takes a stream, unless somebody has it.
    func begin(_ id: StreamID) -> Bool {
        self.state.withLock { state in
            guard state.active[id] == nil else { return false }
            state.active[id] = []
            return true
        }
    }

    /// Takes a stream, once nobody else has it.
    func claim(_ id: StreamID) async {
        while !self.begin(id) { await self.finished(id) }
    }

    /// Lets go of a stream.
    func end(_ id: StreamID) {
        let waiting = self.state.withLock { $0.active.removeValue(forKey: id) } ?? []
        for continuation in waiting { continuation.resume() }
    }

    /// How many streams are being copied.
    var activeCount: Int { self.state.withLock { $0.active.count } }

    /// Waits until nobody copies a stream.
    func finished(_ id: StreamID) async {
        await withCheckedContinuation { continuation in
            let isActive = self.state.withLock { state in
                guard state.active[id] != nil else { return false }
                state.active[id]?.append(continuation)
                return true
            }
            if !isActive { continuation.resume() }
        }
    }

    /// There is something to copy, or room for another copy.
    func wake() {
        let copier = self.state.withLock { state in
            state.isRung = true
            return state.copier.take()
        }
        copier?.resume()
    }

    /// Waits to be woken; returns at once where that happened since the last wait, or the task is cancelled.
    func rung() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = self.state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.copier = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
            self.state.withLock { $0.isRung = false }
        } onCancel: {
            self.state.withLock { $0.copier.take() }?.resume()
        }
    }

    // MARK: Acknowledgements

    /// Waits until a stream is in the cold tier.
    ///
    /// - Returns: `false` where that will not be, or the task was cancelled.
    func copied(_ id: StreamID, unless isDone: () -> Bool) async -> Bool {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = self.state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if isDone() { return true }
                    state.acknowledgements[id, default: [:]][number] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.state.withLock { $0.acknowledgements[id]?.removeValue(forKey: number) }?.resume(returning: false)
        }
    }

    /// A stream is in the cold tier, or never will be.
    func resolve(_ id: StreamID, isCopied: Bool) {
        let waiting = self.state.withLock { $0.acknowledgements.removeValue(forKey: id) } ?? [:]
        for continuation in waiting.values { continuation.resume(returning: isCopied) }
    }
}
