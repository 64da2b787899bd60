import CacheProtocol
import NIOCore
import Synchronization

/// A backend that breaks the contract: its readers say that a stream has grown when it has not.
struct HastyBackend: CacheBackend {
    /// How often they were asked to wait.
    final class Count: Sendable {
        private let asked = Atomic<Int>(0)

        var value: Int { self.asked.load(ordering: .relaxed) }
        func add() { self.asked.wrappingAdd(1, ordering: .relaxed) }
    }

    let base: any CacheBackend
    let count: Count

    var capabilities: Capabilities { self.base.capabilities }

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        try self.base.makeWriter(for: id, options: options)
    }

    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        StreamReader(Source(base: try self.base.makeReader(for: id), count: self.count))
    }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        try await self.base.streams(matching: filter, after: cursor, limit: limit)
    }

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try await self.base.info(id) }
    func remove(_ id: StreamID) async throws(CacheError) { try await self.base.remove(id) }
    func health() async -> BackendHealth { await self.base.health() }
    func run() async throws { try await self.base.run() }

    private final class Source: StreamSource {
        private let base: StreamReader
        private let count: Count

        init(base: StreamReader, count: Count) {
            self.base = base
            self.count = count
        }

        func open() -> Answer<StreamStatus> { self.base.opened() }
        var status: StreamStatus { self.base.status }

        func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
            try self.base.read(at: offset, count: count)
        }

        func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
            self.count.add()
            return self.status
        }
    }
}
