import CacheProtocol
import NIOCore
import Synchronization

extension BackendCheck {
    static let liveReads: [BackendCheck] = [
        BackendCheck("flushed bytes become readable while the writer goes on", when: \.readsLive) { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            let reader = try await bench.reader("a")
            var count = 0
            for size in [1, 10, 4_096, 65_536, 100_000, 3, 65_535, 1] {
                let before = count
                try await bench.append(sample, count..<count + size, to: &writer)
                writer.flush()
                count += size
                let status = try await within("Flushed bytes did not become readable.") {
                    try await reader.grown(past: Int64(before + size - 1))
                }
                try require(status.state == .live, "The stream is \(status.state) while its writer is at work.")
                try require(status.size == count, "\(count) bytes were flushed, but \(status.size) can be read.")
                try await bench.expect(reader, before..<count, of: sample)
            }
            try await bench.expect(reader, 0..<count, of: sample)
            _ = try await writer.finish().value()
            try require(reader.status == StreamStatus(size: Int64(count), state: .sealed), "It is \(reader.status).")
            try await bench.expect(reader, 0..<count, of: sample)
        },
        BackendCheck("a wait for growth ends when bytes come", when: \.readsLive) { bench in
            var writer = try await bench.start("a")
            let reader = try await bench.reader("a")
            try await bench.whileWaiting(reader, past: 0, "bytes were flushed") {
                try await bench.append(SampleBytes(), 0..<5, to: &writer)
                writer.flush()
            }
            bench.drop(writer)
        },
        BackendCheck("a wait for growth ends when the stream is sealed", when: \.readsLive) { bench in
            var writer = try await bench.start("a")
            try await bench.append(SampleBytes(), 0..<5, to: &writer)
            let reader = try await bench.reader("a")
            var held = Optional(writer)
            let status = try await bench.whileWaiting(reader, past: 1_000, "the stream was sealed") {
                _ = try await held.take()?.finish().value()
            }
            try require(status == StreamStatus(size: 5, state: .sealed), "The wait ended with \(status).")
        },
        BackendCheck("a wait for growth ends when the stream is suspended", when: \.readsLive) { bench in
            var writer = try await bench.start("a")
            try await bench.append(SampleBytes(), 0..<5, to: &writer)
            let reader = try await bench.reader("a")
            var held = Optional(writer)
            let status = try await bench.whileWaiting(reader, past: 1_000, "the writer was dropped") {
                if let writer = held.take() { bench.drop(writer) }
            }
            try require(status == StreamStatus(size: 5, state: .suspended), "The wait ended with \(status).")
        },
        BackendCheck("a wait for growth ends when the stream is aborted", when: \.readsLive) { bench in
            let writer = try await bench.start("a")
            let reader = try await bench.reader("a")
            var held = Optional(writer)
            let status = try await bench.whileWaiting(reader, past: 1_000, "the stream was aborted") {
                try await held.take()?.abort().value()
            }
            try require(status.state == .removed, "The wait ended with \(status).")
        },
        BackendCheck("a wait for the growth of a stream that nobody writes ends at once", when: \.readsLive) { bench in
            try await bench.write("a", SampleBytes(), count: 10)
            try await bench.writeAndDrop("b", SampleBytes(), count: 10)
            for name in ["a", "b"] {
                let reader = try await bench.reader(name)
                let status = try await within("The wait for '\(name)' did not end.") {
                    try await reader.grown(past: 10)
                }
                try require(status.size == 10 && status.state != .live, "The wait ended with \(status).")
            }
        },
        BackendCheck("who watches a stream is told once of growth and once of the end", when: \.readsLive) { bench in
            let sample = SampleBytes()
            var writer = try await bench.start("a")
            let reader = try await bench.reader("a")
            var count = 0
            for size in [1, 700, 100_000, 3] {
                let watcher = Watcher()
                let wait = reader.observeGrowth(past: Int64(count), watcher)
                try await bench.append(sample, count..<count + size, to: &writer)
                writer.flush()
                let growth = try await watcher.told("bytes were flushed")
                try require(growth.status.size > Int64(count), "It was told of \(growth.status).")
                if let latest = growth.latest {
                    let start = Int(growth.status.size) - latest.readableBytes
                    try require(start >= 0, "\(latest.readableBytes) bytes are more than the stream has.")
                    try require(
                        sample.buffer(start..<start + latest.readableBytes) == latest,
                        "The bytes that the watcher was given are not the stream's last ones."
                    )
                }
                count += size
                // More that it is not to be told of.
                try await bench.append(sample, count..<count + 2, to: &writer)
                writer.flush()
                count += 2
                _ = try await within("Flushed bytes did not become readable.") {
                    [count] in try await reader.grown(past: Int64(count - 1))
                }
                try require(watcher.count == 1, "The watcher was told \(watcher.count) times.")
                _ = consume wait
            }
            let gone = Watcher()
            _ = reader.observeGrowth(past: Int64(count), gone)
            let last = Watcher()
            let wait = reader.observeGrowth(past: 1_000_000, last)
            _ = try await writer.finish().value()
            let growth = try await last.told("the stream was sealed")
            let sealed = StreamStatus(size: Int64(count), state: .sealed)
            try require(growth.status == sealed, "It was told of \(growth.status).")
            _ = consume wait
            try require(gone.count == 0, "A watcher was told that had given the wait up.")
            let late = Watcher()
            let over = reader.observeGrowth(past: Int64(count), late)
            _ = try await late.told("the stream is sealed")
            _ = consume over
        },
        BackendCheck("a wait for a suspended stream ends when it is resumed", when: \.resumesLive) { bench in
            try await bench.writeAndDrop("a", SampleBytes(), count: 10)
            let reader = try await bench.reader("a")
            var held: StreamWriter?
            let status = try await bench.whileWaiting(reader, past: 10, while: .suspended, "the stream was resumed") {
                held = try await bench.start("a", WriteOptions(mode: .resume))
            }
            try require(status == StreamStatus(size: 10, state: .live), "The wait ended with \(status).")
            if let writer = held.take() { bench.drop(writer) }
        },
        BackendCheck("a wait for growth ends when it is cancelled", when: \.readsLive) { bench in
            let writer = try await bench.start("a")
            let reader = try await bench.reader("a")
            for yields in [0, 1, 50] {
                let result = try await within("A cancelled wait did not end.") {
                    let wait = Task { try await reader.grown(past: 1_000) }
                    for _ in 0..<yields { await Task.yield() }
                    wait.cancel()
                    return await wait.result
                }
                try await bench.expect(.aborted, of: "a cancelled wait") { _ = try result.get() }
            }
            bench.drop(writer)
        },
    ]
}

/// Remembers what it is told of a stream's growth.
private final class Watcher: GrowthObserver {
    private let growths = Mutex<[StreamGrowth]>([])

    func streamHasGrown(_ growth: StreamGrowth) { self.growths.withLock { $0.append(growth) } }

    var count: Int { self.growths.withLock { $0.count } }

    /// What it was told first.
    func told(_ event: String, file: String = #fileID, line: Int = #line) async throws -> StreamGrowth {
        try await eventually({ "A watcher was not told although \(event)." }, file: file, line: line) { self.count > 0 }
        return self.growths.withLock { $0[0] }
    }
}

extension Capabilities {
    var readsLive: Bool { self.liveReads != .none }
    var resumesLive: Bool { self.readsLive && self.resume != .none }
}

extension Bench {
    /// Has several readers wait for growth while something is done that is to end the waits.
    @discardableResult
    func whileWaiting(
        _ reader: StreamReader,
        past offset: Int64,
        while state: StreamState = .live,
        _ event: String,
        file: String = #fileID,
        line: Int = #line,
        _ body: () async throws -> Void
    ) async throws -> StreamStatus {
        try await withThrowingTaskGroup(of: StreamStatus.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await within("A wait for growth goes on although \(event).", file: file, line: line) {
                        try await reader.grown(past: offset, while: state)
                    }
                }
            }
            // Lets the waits begin; either order must do.
            for _ in 0..<20 { await Task.yield() }
            try await body()
            var last = reader.status
            for try await status in group { last = status }
            return last
        }
    }
}
