import CacheProtocol
import NIOCore

/// Hands over the stream's first bytes as its latest ones.
final class OldBytesSource: StreamSource {
    private let base: StreamReader

    init(_ base: StreamReader) { self.base = base }

    func open() -> Answer<StreamStatus> { self.base.opened() }
    var status: StreamStatus { self.base.status }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        try self.base.read(at: offset, count: count)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.base.grown(past: offset, while: state)
    }

    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        let task = Task {
            guard let status = try? await self.grown(past: offset, while: state) else { return }
            let first = try await self.base.read(at: 0, count: 1).value()
            observer.streamHasGrown(StreamGrowth(status, latest: first))
        }
        return GrowthWait { task.cancel() }
    }
}
