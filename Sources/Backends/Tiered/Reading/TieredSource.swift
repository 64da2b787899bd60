import CacheProtocol
import NIOCore
import Synchronization

/// A reader's view of a stream: the hot tier's where that has it, else the cold one's.
final class TieredSource: StreamSource {
    private let store: TieredStore
    private let id: StreamID
    private let place = Mutex(Place.unknown)

    private enum Place {
        case unknown
        case hot(StreamReader)
        case cold(ColdStream)
    }

    init(store: TieredStore, id: StreamID) {
        self.store = store
        self.id = id
    }

    deinit {
        if case .cold(let stream) = self.place.withLock({ $0 }) { stream.leave() }
    }

    func open() -> Answer<StreamStatus> {
        .later(Later { () async throws(CacheError) in try await self.find() })
    }

    private func find() async throws(CacheError) -> StreamStatus {
        if self.store.fills.stream(self.id) == nil, let status = try await self.findHot() { return status }
        let stream = try await self.store.openCold(self.id)
        self.place.withLock { $0 = .cold(stream) }
        return self.status
    }

    private func findHot() async throws(CacheError) -> StreamStatus? {
        do throws(CacheError) {
            let reader = try self.store.hot.makeReader(for: self.id)
            let status = try await reader.opened().value()
            // A part that another reader began to fill in the meantime is the cold tier's.
            if status.state != .sealed, self.store.fills.stream(self.id) != nil { return nil }
            // It may be another's by now, and in the cold tier alone.
            if status.state == .sealed, !(try await self.store.isStillValid(self.id)) { return nil }
            self.place.withLock { $0 = .hot(reader) }
            return status
        } catch {
            if error.code == .streamNotFound, try await self.store.hotInfo(self.id) == nil { return nil }
            throw error
        }
    }

    var status: StreamStatus {
        switch self.place.withLock({ $0 }) {
        case .unknown: StreamStatus(size: 0, state: .removed)
        case .hot(let reader): reader.status
        case .cold(let stream): StreamStatus(size: stream.info.size, state: .sealed)
        }
    }

    /// Where only a copy in the cold tier is safe enough, no part of a stream is before it is sealed.
    var durableSize: Int64? {
        guard self.store.configuration.acknowledgement != .cold, case .hot(let reader) = self.place.withLock({ $0 })
        else {
            return nil
        }
        return reader.durableSize
    }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        switch self.place.withLock({ $0 }) {
        case .unknown: throw self.store.notFound(self.id)
        case .hot(let reader): return try reader.read(at: offset, count: count)
        case .cold(let stream):
            return .later(
                Later { () async throws(CacheError) in try await stream.bytes(at: offset, count: count) }
            )
        }
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        guard case .hot(let reader) = self.place.withLock({ $0 }) else { return self.status }
        return try await reader.grown(past: offset, while: state)
    }

    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        guard case .hot(let reader) = self.place.withLock({ $0 }) else { return .over(self.status, observer) }
        return reader.observeGrowth(past: offset, while: state, observer)
    }
}
