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

    // MARK: The writer's side

    func open() -> Answer<WritePosition> {
        .later(
            Later { () async throws(CacheError) in
                try self.backend?.begin(self, self.mode)
                return WritePosition(offset: 0, epoch: 1)
            }
        )
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        let (end, limit) = (self.status.size + Int64(count), self.backend?.capabilities.maximumStreamSize ?? 0)
        guard end <= limit else { throw CacheError(.streamTooLarge, "\(limit) bytes are the limit (maxStreamBytes).") }
        var bytes = ByteBufferAllocator().buffer(capacity: count)
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
            let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
            var span = OutputRawSpan(buffer: target, initializedCount: 0)
            fill(&span)
            return span.finalize(for: target)
        }
        self.state.withLock { [bytes] in $0.pieces.append((end - Int64(count), bytes)) }
        self.change { $0.size = end }
        return .ready
    }

    func flush() {}

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        self.change { ($0.state, $0.sealedAt, $0.durability) = (.sealed, Self.now, .memory) }
        return self.info
    }

    func abort() async throws(CacheError) { self.backend?.forget(self) }

    func suspend() { self.change { $0.state = .suspended } }

    // MARK: The readers' side

    func open() -> Answer<StreamStatus> { .now(self.status) }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        let bytes = self.state.withLock { state in
            state.pieces.last { $0.start <= offset }.flatMap { piece in
                let start = Int(offset - piece.start)
                return piece.bytes.getSlice(at: start, length: min(count, piece.bytes.readableBytes - start))
            }
        }
        guard let bytes else { throw CacheError(.range, "There is no byte \(offset).", streamID: self.info.id) }
        return .now(bytes)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.waiters.wait(past: offset, while: state) { self.status }
    }
}
