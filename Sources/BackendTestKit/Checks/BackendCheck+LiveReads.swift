import CacheProtocol
import NIOCore

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

extension Capabilities {
    var readsLive: Bool { self.liveReads != .none }
}

extension Bench {
    /// Has several readers wait for growth while something is done that is to end the waits.
    @discardableResult
    func whileWaiting(
        _ reader: StreamReader,
        past offset: Int64,
        _ event: String,
        file: String = #fileID,
        line: Int = #line,
        _ body: () async throws -> Void
    ) async throws -> StreamStatus {
        try await withThrowingTaskGroup(of: StreamStatus.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await within("A wait for growth goes on although \(event).", file: file, line: line) {
                        try await reader.grown(past: offset)
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
