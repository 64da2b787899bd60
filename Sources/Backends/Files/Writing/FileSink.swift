import CacheProtocol
import Synchronization

/// A writer's hold on a stream: the reservation until it is open, the appender after that.
final class FileSink: StreamSink {
    private let store: FileStore
    private let reservation: WriteReservation
    private let state = Mutex(State())

    private struct State {
        var appender: FileAppender?
        /// Whether the answer to ``open()`` is being worked out; then who works it out gives the name up.
        var isOpening = false
        var isEnded = false
    }

    init(store: FileStore, reservation: WriteReservation) {
        self.store = store
        self.reservation = reservation
    }

    func open() -> Answer<WritePosition> {
        .later(
            Later { () async throws(CacheError) in
                let mayOpen = self.state.withLock { state -> Bool in
                    guard !state.isEnded, !state.isOpening, state.appender == nil else { return false }
                    state.isOpening = true
                    return true
                }
                guard mayOpen else { throw self.notOpen }
                do throws(CacheError) {
                    let appender = try await self.store.openForWriting(self.reservation)
                    if self.endOpening(appender) { appender.suspend() }
                    return WritePosition(offset: appender.stream.stored, epoch: appender.reservation.epoch)
                } catch {
                    if self.endOpening(nil) { self.store.giveUp(self.reservation) }
                    throw error
                }
            }
        )
    }

    /// Opening came to its end.
    ///
    /// - Returns: Whether the writer has gone meanwhile.
    private func endOpening(_ appender: FileAppender?) -> Bool {
        self.state.withLock { state in
            state.isOpening = false
            state.appender = appender
            return state.isEnded
        }
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        guard let appender = self.state.withLock({ $0.appender }) else { throw self.notOpen }
        guard try appender.append(count: count, filling: fill) else { return .ready }
        return .pause(Later { () async throws(CacheError) in try await appender.ready() })
    }

    func flush() { self.state.withLock { $0.appender }?.flush() }

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        try await self.ended().finish(expecting: sha256)
    }

    func abort() async throws(CacheError) { try await self.ended().abort() }

    func suspend() {
        switch self.end() {
        case .open(let appender): appender.suspend()
        case .opening: break
        case .closed: self.store.giveUp(self.reservation)
        }
    }

    private enum Hold {
        case open(FileAppender)
        case opening
        case closed
    }

    private func end() -> Hold {
        self.state.withLock { state in
            state.isEnded = true
            if let appender = state.appender { return .open(appender) }
            return state.isOpening ? .opening : .closed
        }
    }

    private func ended() throws(CacheError) -> FileAppender {
        switch self.end() {
        case .open(let appender): return appender
        case .opening: throw self.notOpen
        case .closed:
            self.store.giveUp(self.reservation)
            throw self.notOpen
        }
    }

    private var notOpen: CacheError {
        CacheError(.streamBusy, "The writer is not open.", streamID: self.reservation.id)
    }
}
