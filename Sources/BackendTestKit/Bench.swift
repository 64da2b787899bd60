import CacheProtocol
import NIOCore
import Synchronization

/// A running backend on the workbench, and the tools to handle it.
struct Bench: Sendable {
    let backend: any CacheBackend
    let fixture: BackendFixture
    private let names = NameBook()

    init(backend: any CacheBackend, fixture: BackendFixture) {
        self.backend = backend
        self.fixture = fixture
    }

    var capabilities: Capabilities { self.backend.capabilities }

    /// Makes a backend and has it run for as long as `body` takes.
    static func withBackend(
        _ fixture: BackendFixture,
        _ make: (BackendFixture) async throws -> any CacheBackend,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let bench = Bench(backend: try await make(fixture), fixture: fixture)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await bench.backend.run()
                } catch is CancellationError {
                    // As good a way to end as any.
                } catch {
                    throw BrokenPromise("run() threw: \(error).")
                }
            }
            do {
                try await body(bench)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// A stream's name.
    func id(_ name: String) throws -> StreamID { try StreamID(name) }

    // MARK: Writing

    /// A name is used, and its stream is to be removed in the end.
    func note(_ name: String) { self.names.note(name) }

    /// Makes and opens a writer.
    func start(_ name: String, _ options: WriteOptions = WriteOptions()) async throws -> StreamWriter {
        self.note(name)
        let writer = try self.backend.makeWriter(for: StreamID(name), options: options)
        _ = try await writer.opened().value()
        return writer
    }

    /// Appends, and waits where the backend wants that.
    func append(_ bytes: ByteBuffer, to writer: inout StreamWriter) async throws {
        if case .pause(let readiness) = try writer.append(bytes) { try await readiness.value() }
    }

    /// Appends a range of a sample in chunks.
    func append(
        _ sample: SampleBytes,
        _ range: Range<Int>,
        chunk: Int = 64 << 10,
        to writer: inout StreamWriter
    ) async throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
            try await self.append(sample.buffer(start..<min(start + chunk, range.upperBound)), to: &writer)
        }
    }

    /// Writes a stream and seals it.
    @discardableResult
    func write(
        _ name: String,
        _ sample: SampleBytes,
        count: Int,
        chunk: Int = 64 << 10,
        _ options: WriteOptions = WriteOptions()
    ) async throws -> StreamInfo {
        var writer = try await self.start(name, options)
        try await self.append(sample, 0..<count, chunk: chunk, to: &writer)
        return try await writer.finish().value()
    }

    /// Writes a stream and lets go of it unfinished.
    func writeAndDrop(
        _ name: String,
        _ sample: SampleBytes,
        count: Int,
        _ options: WriteOptions = WriteOptions()
    ) async throws {
        var writer = try await self.start(name, options)
        try await self.append(sample, 0..<count, to: &writer)
        self.drop(writer)
        try await self.settle(name)
    }

    /// Lets go of a writer.
    func drop(_ writer: consuming StreamWriter) {}

    /// Waits until a dropped writer's stream is no longer live.
    func settle(_ name: String) async throws {
        let id = try self.id(name)
        try await eventually({ "'\(name)' is still live though its writer was dropped." }) {
            try await self.backend.info(id).state != .live
        }
    }

    // MARK: Reading

    /// Makes and opens a reader.
    func reader(_ name: String) async throws -> StreamReader {
        let reader = try self.backend.makeReader(for: StreamID(name))
        _ = try await reader.opened().value()
        return reader
    }

    /// Reads a range, in as many reads as it takes.
    func read(_ reader: StreamReader, _ range: Range<Int>) async throws -> ByteBuffer {
        var whole = ByteBufferAllocator().buffer(capacity: range.count)
        while whole.readableBytes < range.count {
            let position = range.lowerBound + whole.readableBytes
            let wanted = range.upperBound - position
            var part = try await reader.read(at: Int64(position), count: wanted).value()
            try require(part.readableBytes > 0, "A read at \(position) brought nothing.")
            try require(
                part.readableBytes <= wanted,
                "A read of \(wanted) bytes at \(position) brought \(part.readableBytes)."
            )
            whole.writeBuffer(&part)
        }
        return whole
    }

    /// Reads a range and compares it.
    func expect(
        _ reader: StreamReader,
        _ range: Range<Int>,
        of sample: SampleBytes,
        file: String = #fileID,
        line: Int = #line
    ) async throws {
        let bytes = try await self.read(reader, range)
        if let difference = sample.firstDifference(bytes, at: range.lowerBound) {
            throw BrokenPromise(
                "Byte \(range.lowerBound + difference) differs, in a read of \(range).",
                file: file,
                line: line
            )
        }
    }

    /// Looks that a stream has a state and exactly the first `count` bytes of a sample.
    func expect(
        _ name: String,
        is state: StreamState,
        with sample: SampleBytes,
        count: Int,
        file: String = #fileID,
        line: Int = #line
    ) async throws {
        let info = try await self.backend.info(try self.id(name))
        try require(
            info.state == state,
            "'\(name)' is \(info.state), not \(state).",
            file: file,
            line: line
        )
        try require(
            info.size == count,
            "'\(name)' has \(info.size) bytes, not \(count).",
            file: file,
            line: line
        )
        let reader = try await self.reader(name)
        let status = reader.status
        try require(
            status.size == count && status.state == state,
            "A reader of '\(name)' sees \(status.size) bytes, \(status.state), not \(count), \(state).",
            file: file,
            line: line
        )
        if count > 0 { try await self.expect(reader, 0..<count, of: sample, file: file, line: line) }
    }

    /// Looks that there is no such stream.
    func expectNoStream(_ name: String, file: String = #fileID, line: Int = #line) async throws {
        let id = try self.id(name)
        try await self.expect(.streamNotFound, "asking about '\(name)'", file: file, line: line) {
            _ = try await self.backend.info(id)
        }
        try await self.expect(.streamNotFound, "reading '\(name)'", file: file, line: line) {
            _ = try await self.reader(name)
        }
        guard self.capabilities.listing != .none else { return }
        let listed = try await self.list()
        try require(
            !listed.contains { $0.id == id },
            "'\(name)' is listed though it is gone.",
            file: file,
            line: line
        )
    }

    /// Looks that something fails with a code.
    func expect(
        _ codes: CacheError.Code...,
        of what: String,
        file: String = #fileID,
        line: Int = #line,
        _ body: () async throws -> Void
    ) async throws {
        let wanted = codes.map(\.rawValue).joined(separator: " or ")
        do {
            try await body()
        } catch let error as CacheError {
            guard codes.contains(error.code) else {
                throw BrokenPromise("\(what) failed with \(error), not \(wanted).", file: file, line: line)
            }
            return
        }
        throw BrokenPromise("\(what) should have failed with \(wanted), but worked.", file: file, line: line)
    }

    private func expect(
        _ code: CacheError.Code,
        _ what: String,
        file: String,
        line: Int,
        _ body: () async throws -> Void
    ) async throws {
        try await self.expect(code, of: what, file: file, line: line, body)
    }

    // MARK: Listing and cleaning

    /// Every stream that the filter admits, by pages of `limit`.
    func list(_ filter: StreamFilter = StreamFilter(), limit: Int = 100) async throws -> [StreamInfo] {
        var all: [StreamInfo] = []
        var cursor: StreamID?
        repeat {
            let page = try await self.backend.streams(matching: filter, after: cursor, limit: limit)
            try require(
                page.streams.count <= limit,
                "A page of at most \(limit) has \(page.streams.count) streams."
            )
            all += page.streams
            if let next = page.next, let cursor {
                try require(cursor < next, "The cursor does not advance: \(cursor), then \(next).")
            }
            cursor = page.next
        } while cursor != nil
        return all
    }

    /// Removes all streams, and looks that they are gone.
    func removeEverything() async throws {
        for name in self.names.all {
            let id = try self.id(name)
            try await eventually({ "'\(name)' can't be removed." }) {
                do {
                    try await self.backend.remove(id)
                    return true
                } catch let error as CacheError {
                    // A dropped writer may still be putting its last bytes away.
                    return error.code == .streamNotFound
                }
            }
        }
        guard self.capabilities.listing != .none else { return }
        let rest = try await self.list()
        for info in rest { try await self.backend.remove(info.id) }
        let left = try await self.list().map(\.id.rawValue)
        try require(left.isEmpty, "\(left) are listed after all streams were removed.")
    }
}

/// The names that a check used.
private final class NameBook: Sendable {
    private let names = Mutex<Set<String>>([])

    func note(_ name: String) { self.names.withLock { _ = $0.insert(name) } }

    var all: Set<String> { self.names.withLock { $0 } }
}
