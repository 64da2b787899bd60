import CacheProtocol
import NIOCore
import TestSupport

/// A backend in front of another one that has every writer wait behind its first bytes, as one does whose device is behind.
struct HeldBackend: ForwardingBackend {
    let base: any CacheBackend
    /// Told that a writer waits.
    let held: AsyncStream<Void>.Continuation
    /// Ends once writers may go on.
    let release: AsyncStream<Void>

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        StreamWriter(HeldSink(try self.base.makeWriter(for: id, options: options), self))
    }
}

/// `@unchecked`: a writer belongs to one owner at a time, and its calls never overlap, which guards both variables.
private final class HeldSink: StreamSink, @unchecked Sendable {
    private var writer: StreamWriter?
    private var hasHeld = false
    private let backend: HeldBackend

    init(_ writer: consuming StreamWriter, _ backend: HeldBackend) {
        self.writer = consume writer
        self.backend = backend
    }

    private static let ended = CacheError(.aborted, "The writer has ended.")

    func open() -> Answer<WritePosition> {
        self.writer?.opened() ?? .later(Later { () throws(CacheError) in throw Self.ended })
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        guard let result = try self.writer?.append(count: count, filling: fill) else { throw Self.ended }
        guard !self.hasHeld else { return result }
        self.hasHeld = true
        self.backend.held.yield()
        let release = self.backend.release
        return .pause(
            Later { () async throws(CacheError) in
                for await _ in release {}
                if case .pause(let room) = result { try await room.value() }
            }
        )
    }

    func flush() { self.writer?.flush() }

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        guard let writer = self.writer.take() else { throw Self.ended }
        return try await writer.finish(expecting: sha256).value()
    }

    func abort() async throws(CacheError) { try await self.writer.take()?.abort().value() }
    func suspend() { self.writer = nil }
}
