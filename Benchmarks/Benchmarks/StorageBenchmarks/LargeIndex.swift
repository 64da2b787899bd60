import Benchmark
import BenchmarkSupport
import CacheProtocol
import Foundation

/// The index with a million streams in it, which are made once and kept for the next run.
func benchmarkLargeIndex() {
    let streams = 1_000_000
    Benchmark.doing("sqlite, a million streams: start a gateway's backend", count: 1) { timer in
        let directory = try await LargeIndex.directory(streams)
        timer.start()
        let backend = try BackendKind.sqlite.make(in: directory, maximumBytes: nil)
        timer.stop()
        blackHole(backend)
    }
    let count = 500
    Benchmark.doing("sqlite, a million streams: start a stream and abort it", count: count) { timer in
        try await LargeIndex.withBackend(streams) { backend in
            timer.start()
            for number in 0..<count {
                let writer = try backend.makeWriter(for: try .numbered(number), options: WriteOptions())
                _ = try await writer.opened().value()
                try await writer.abort().value()
            }
            timer.stop()
        }
    }
    Benchmark.doing("sqlite, a million streams: open a sealed stream", count: count) { timer in
        try await LargeIndex.withBackend(streams) { backend in
            let page = try await backend.streams(
                matching: StreamFilter(state: .sealed),
                after: try LargeIndex.middle(of: streams),
                limit: count
            )
            timer.start()
            for info in page.streams { blackHole(try await backend.makeReader(for: info.id).opened().value()) }
            timer.stop()
        }
    }
    let pages = 20
    for (name, filter) in [("", StreamFilter()), (" of the unfinished", StreamFilter(state: .suspended))] {
        Benchmark.doing("sqlite, a million streams: a page of 100\(name), from the middle", count: pages) { timer in
            try await LargeIndex.withBackend(streams) { backend in
                let cursor = try LargeIndex.middle(of: streams)
                timer.start()
                for _ in 0..<pages {
                    blackHole(try await backend.streams(matching: filter, after: cursor, limit: 100))
                }
                timer.stop()
            }
        }
    }
}

/// A directory of the SQLite backend with many streams.
enum LargeIndex {
    struct CannotBeFilled: Error, CustomStringConvertible {
        var description: String { "Scripts/fill-index.py failed; it needs python3 and to be run from Benchmarks/." }
    }

    static func withBackend(_ count: Int, _ body: (any CacheBackend) async throws -> Void) async throws {
        let directory = try await self.directory(count)
        try await BackendKind.sqlite.withBackend(maximumBytes: 1 << 60, directory: directory) { backend in
            try await body(backend)
        }
    }

    /// A name before which half of the streams are.
    static func middle(of count: Int) throws -> StreamID {
        let digits = String(count / 2, radix: 16)
        return try StreamID("stream-" + String(repeating: "0", count: 12 - digits.utf8.count) + digits)
    }

    /// The directory, filled if that was not done before.
    static func directory(_ count: Int) async throws -> String {
        let directory = FileManager.default.currentDirectoryPath + "/.build/streams-\(count)"
        let mark = directory + ".is-filled"
        if FileManager.default.fileExists(atPath: mark) { return directory }
        try? FileManager.default.removeItem(atPath: directory)
        // Has the index made.
        try await BackendKind.sqlite.withBackend(directory: directory) { _ in }
        let script = Process()
        script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        script.arguments = ["python3", "../Scripts/fill-index.py", directory, String(count)]
        try script.run()
        script.waitUntilExit()
        guard script.terminationStatus == 0, FileManager.default.createFile(atPath: mark, contents: nil) else {
            throw CannotBeFilled()
        }
        return directory
    }
}
