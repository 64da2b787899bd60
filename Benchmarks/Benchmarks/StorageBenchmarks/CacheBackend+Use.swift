import CacheProtocol
import NIOCore

extension CacheBackend {
    /// Appends `count` chunks to a new stream, without sealing it.
    func write(_ id: StreamID, _ chunk: ByteBuffer, count: Int) async throws -> StreamWriter {
        var writer = try self.makeWriter(for: id, options: WriteOptions())
        _ = try await writer.opened().value()
        for _ in 0..<count {
            if case .pause(let readiness) = try writer.append(chunk) { try await readiness.value() }
        }
        return writer
    }

    /// Makes and seals a stream of `count` chunks.
    @discardableResult
    func store(_ id: StreamID, _ chunk: ByteBuffer = ByteBuffer(), count: Int = 0) async throws -> StreamInfo {
        try await self.write(id, chunk, count: count).finish().value()
    }

    /// Reads a stream from its beginning to its end in pieces of at most `count` bytes.
    func readThrough(_ id: StreamID, count: Int) async throws -> Int64 {
        let reader = try self.makeReader(for: id)
        let size = try await reader.opened().value().size
        var offset: Int64 = 0
        while offset < size {
            let bytes = try await reader.read(at: offset, count: count).value()
            offset += Int64(bytes.readableBytes)
        }
        return offset
    }
}
