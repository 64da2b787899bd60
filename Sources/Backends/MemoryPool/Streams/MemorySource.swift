import CacheProtocol
import NIOCore
import Synchronization

/// A reader's hold on a stream.
final class MemorySource: StreamSource {
    private let store: MemoryStore
    private let id: StreamID
    private let opened = Mutex<MemoryStream?>(nil)

    init(store: MemoryStore, id: StreamID) {
        self.store = store
        self.id = id
    }

    deinit {
        if let stream = self.opened.withLock({ $0 }) { self.store.readerLeft(stream) }
    }

    func open() -> Answer<StreamStatus> {
        if let stream = self.opened.withLock({ $0 }) { return .now(stream.status) }
        guard let stream = self.store.readerCame(self.id) else {
            return .later(Later { () async throws(CacheError) in throw CacheError.notFound(self.id) })
        }
        self.opened.withLock { $0 = stream }
        return .now(stream.status)
    }

    private var stream: MemoryStream? { self.opened.withLock { $0 } }

    var status: StreamStatus { self.stream?.status ?? StreamStatus(size: 0, state: .removed) }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        guard let stream = self.stream else { throw CacheError.notFound(self.id) }
        let bytes = try stream.read(at: offset, count: count)
        stream.wasRead(at: self.store.clock.wall())
        return .now(bytes)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        guard let stream = self.stream else { throw CacheError.notFound(self.id) }
        return try await stream.grown(past: offset, while: state)
    }

    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        guard let stream = self.stream else { return .over(self.status, observer) }
        return stream.observeGrowth(past: offset, while: state, observer)
    }
}

extension CacheError {
    static func notFound(_ id: StreamID) -> CacheError {
        CacheError(
            .streamNotFound,
            "No stream has this id. It may have been removed, evicted or aborted, or never been started.",
            streamID: id
        )
    }
}
