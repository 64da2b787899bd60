import CacheProtocol
import Foundation
import NIOCore
import Synchronization

/// One stream, and at the same time what its writer and its readers hold of it: its facts, and its bytes in the pieces
/// in which they came.
final class DictionaryStream: StreamSink, StreamSource {
    private struct State {
        var info: StreamInfo
        /// A piece is never changed once it is here, so it can be lent as it is.
        var pieces: [(start: Int64, bytes: ByteBuffer)] = []
    }

    private let state: Mutex<State>
    private let waiters = GrowthWaiters()
    private let mode: WriteOptions.Mode
    private weak let backend: DictionaryBackend?

    init(_ id: StreamID, _ mode: WriteOptions.Mode, in backend: DictionaryBackend) {
        self.state = Mutex(State(info: StreamInfo(id: id, state: .live, size: 0, createdAt: Self.now)))
        (self.mode, self.backend) = (mode, backend)
    }

    private static var now: Timestamp { Timestamp(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000)) }

    var info: StreamInfo { self.state.withLock { $0.info } }
    var status: StreamStatus { self.state.withLock { StreamStatus(size: $0.info.size, state: $0.info.state) } }

    /// Changes the facts, and wakes who waits for that.
    func change(_ body: (inout StreamInfo) -> Void) {
        self.state.withLock { body(&$0.info) }
        self.waiters.wake(self.status)
    }
}
