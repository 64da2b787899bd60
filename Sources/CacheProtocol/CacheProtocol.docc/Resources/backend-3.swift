import CacheProtocol
import Synchronization

/// Streams in a dictionary, gone with the process: about as little as a backend can be.
package final class DictionaryBackend: CacheBackend {
    /// The name that configurations use.
    package static let type = "dictionary"

    package let capabilities: Capabilities
    private let streams = Mutex<[StreamID: DictionaryStream]>([:])

    /// An empty dictionary.
    package init(_ configuration: DictionaryConfiguration) {
        var capabilities = Capabilities()
        capabilities.liveReads = .native
        capabilities.listing = .emulated
        capabilities.maximumStreamSize = configuration.maximumStreamSize
        self.capabilities = capabilities
    }

    package func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        StreamWriter(DictionaryStream(id, options.mode, in: self))
    }

    package func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { StreamReader(try self.find(id)) }

    package func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        let all = self.streams.withLock { Array($0.values) }.map(\.info).filter { filter.matches($0) }
        let rest = all.filter { info in cursor.map { $0 < info.id } ?? true }.sorted { $0.id < $1.id }
        return StreamPage(streams: Array(rest.prefix(limit)), next: rest.count > limit ? rest[limit - 1].id : nil)
    }

    package func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try self.find(id).info }

    package func remove(_ id: StreamID) async throws(CacheError) {
        let stream = try self.find(id)
        guard stream.status.state != .live else { throw CacheError(.streamBusy, "It is being written.", streamID: id) }
        self.forget(stream)
    }

    package func health() async -> BackendHealth { BackendHealth() }

    /// There is nothing to recover and nothing to look after: waits to be cancelled.
    package func run() async { while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) } }

    private func find(_ id: StreamID) throws(CacheError) -> DictionaryStream {
        if let stream = self.streams.withLock({ $0[id] }) { return stream }
        throw CacheError(.streamNotFound, "There is no such stream.", streamID: id)
    }

    /// Puts a new stream in, where its name is free or may be taken.
    func begin(_ stream: DictionaryStream, _ mode: WriteOptions.Mode) throws(CacheError) {
        let id = stream.info.id
        try self.streams.withLock { streams throws(CacheError) in
            switch streams[id]?.status.state {
            case .live: throw CacheError(.streamBusy, "Another writer has the stream.", streamID: id)
            case .some where mode != .overwrite: throw CacheError(.streamExists, "Take another id.", streamID: id)
            default: streams[id]?.change { $0.state = .removed }
            }
            streams[id] = stream
        }
    }

    /// Takes a stream out; who reads it may finish.
    func forget(_ stream: DictionaryStream) {
        self.streams.withLock { $0[stream.info.id] = nil }
        stream.change { $0.state = .removed }
    }
}

/// The backend's own part of the configuration.
package struct DictionaryConfiguration: Sendable {
    /// The longest stream, in bytes.
    package var maximumStreamSize: Int64 = 64 << 20

    /// The defaults.
    package init() {}

    /// Takes the key `maxStreamBytes`.
    package init(from section: inout ConfigSection) throws(ConfigError) {
        self.maximumStreamSize = try section.integer("maxStreamBytes", default: 64 << 20, in: 1...(1 << 40))
    }
}
