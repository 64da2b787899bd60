import CacheProtocol
import NIOCore
import Synchronization
import Testing

/// A sink that writes down what is asked of it.
private final class RecordingSink: StreamSink {
    struct Log: Equatable {
        var calls: [String] = []
        var bytes: [UInt8] = []
    }

    let log = Mutex(Log())
    /// How many bytes it takes at once; a span of its own for each.
    let blockSize: Int
    let finishes: Bool

    init(blockSize: Int = 7, finishes: Bool = true) {
        self.blockSize = blockSize
        self.finishes = finishes
    }

    private func note(_ call: String) { self.log.withLock { $0.calls.append(call) } }

    var calls: [String] { self.log.withLock { $0.calls } }

    func open() -> Answer<WritePosition> {
        self.note("open")
        return .now(WritePosition(offset: 0, epoch: 1))
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        self.note("append \(count)")
        var left = count
        while left > 0 {
            let size = min(left, self.blockSize)
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
            defer { block.deallocate() }
            var span = OutputRawSpan(buffer: block, initializedCount: 0)
            fill(&span)
            let filled = span.finalize(for: block)
            self.log.withLock { $0.bytes += block[..<filled] }
            left -= size
        }
        return .ready
    }

    func flush() { self.note("flush") }

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        self.note("finish")
        guard self.finishes, let id = StreamID(validating: "a") else { throw CacheError(.io, "broken on purpose") }
        return StreamInfo(id: id, state: .sealed, size: 0, createdAt: Timestamp(millisecondsSinceEpoch: 0))
    }

    func abort() async throws(CacheError) { self.note("abort") }

    func suspend() { self.note("suspend") }
}

@Suite("A writer's handle")
struct StreamWriterTests {
    @Test("a writer that is dropped suspends its stream, once")
    func dropped() {
        let sink = RecordingSink()
        do { _ = StreamWriter(sink).opened() }
        #expect(sink.calls == ["open", "suspend"])
    }

    @Test("a writer that finishes does not suspend, even where finishing fails", arguments: [true, false])
    func finished(_ succeeds: Bool) async {
        let sink = RecordingSink(finishes: succeeds)
        let end = StreamWriter(sink).finish()
        #expect(sink.calls == [], "nothing happens before somebody waits for it")
        _ = try? await end.value()
        #expect(sink.calls == ["finish"])
    }

    @Test("a writer that aborts does not suspend")
    func aborted() async throws {
        let sink = RecordingSink()
        try await StreamWriter(sink).abort().value()
        #expect(sink.calls == ["abort"])
    }

    @Test("a buffer arrives whole, whatever pieces the sink takes it in", arguments: [1, 2, 7, 64, 10_000])
    func appended(_ blockSize: Int) throws {
        let sink = RecordingSink(blockSize: blockSize)
        var writer = StreamWriter(sink)
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        var buffer = ByteBuffer(bytes: [9, 9] + bytes)
        buffer.moveReaderIndex(forwardBy: 2)
        _ = try writer.append(buffer)
        _ = try writer.append(ByteBuffer())
        writer.flush()
        #expect(sink.log.withLock { $0.bytes } == bytes)
        #expect(sink.calls == ["append 1000", "flush"])
    }
}

/// A source of ten bytes that writes down what is asked of it.
private final class RecordingSource: StreamSource {
    let reads = Mutex<[String]>([])

    func open() -> Answer<StreamStatus> { .now(self.status) }

    var status: StreamStatus { StreamStatus(size: 10, state: .sealed) }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        self.reads.withLock { $0.append("\(offset)+\(count)") }
        return .now(ByteBuffer(repeating: 0, count: count))
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus { self.status }
}

@Suite("A reader's handle")
struct StreamReaderTests {
    @Test("what lies outside the stream never reaches the source")
    func outside() {
        let source = RecordingSource()
        let reader = StreamReader(source)
        for (offset, count) in [(-1, 1), (10, 1), (11, 1), (0, 0), (0, -1), (Int64.max, Int.max), (.min, 1)] {
            #expect { try reader.read(at: offset, count: count) } throws: { ($0 as? CacheError)?.code == .range }
        }
        #expect(source.reads.withLock { $0 } == [])
    }

    @Test("what reaches past the end is cut to what there is")
    func cut() throws {
        let source = RecordingSource()
        let reader = StreamReader(source)
        for (offset, count) in [(0, 10), (0, 11), (9, 5), (3, Int.max)] {
            _ = try reader.read(at: Int64(offset), count: count)
        }
        #expect(source.reads.withLock { $0 } == ["0+10", "0+10", "9+1", "3+7"])
    }
}

@Suite("An answer")
struct AnswerTests {
    @Test("now and later give the same value")
    func values() async throws {
        #expect(try await Answer.now(5).value() == 5)
        #expect(try await Answer.later(Later { 6 }).value() == 6)
    }

    @Test("a later failure is the failure of the wait")
    func failure() async {
        let answer = Answer<Int>.later(Later { () async throws(CacheError) in throw CacheError(.io, "broken") })
        await #expect { try await answer.value() } throws: { ($0 as? CacheError)?.code == .io }
    }

    @Test("a later value costs nothing until somebody waits for it")
    func lazy() async throws {
        let count = Atomic(0)
        let later = Later { count.add(1, ordering: .relaxed).newValue }
        #expect(count.load(ordering: .relaxed) == 0)
        #expect(try await later.value() == 1)
    }
}
