import CacheProtocol
import Synchronization

/// A writer's hold on a stream: the reservation until it is open, the appender after that.
final class FileSink: StreamSink {
    private let store: FileStore
    private let reservation: WriteReservation
    private let state = Mutex(State())

    private struct State {
        var appender: FileAppender?
        var isEnded = false
    }

    init(store: FileStore, reservation: WriteReservation) {
        self.store = store
        self.reservation = reservation
    }

    func open() -> Answer<WritePosition> {
        .later(
            Later { () async throws(CacheError) in
                let appender = try await self.store.openForWriting(self.reservation)
                let mustLetGo = self.state.withLock { state in
                    state.appender = appender
                    return state.isEnded
                }
                if mustLetGo { appender.suspend() }
                return WritePosition(offset: appender.stream.stored, epoch: appender.reservation.epoch)
            }
        )
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
        if let appender = self.end() {
            appender.suspend()
        } else {
            self.store.giveUp(self.reservation)
        }
    }

    private func end() -> FileAppender? {
        self.state.withLock { state in
            state.isEnded = true
            return state.appender
        }
    }

    private func ended() throws(CacheError) -> FileAppender {
        guard let appender = self.end() else { throw self.notOpen }
        return appender
    }

    private var notOpen: CacheError {
        CacheError(.streamBusy, "The writer is not open.", streamID: self.reservation.id)
    }
}
