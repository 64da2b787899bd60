import Benchmark
import BenchmarkSupport
import CacheProtocol

/// What a stream costs beside its bytes: to start, to seal, to open for reading, to look up and to remove.
func benchmarkLife(_ kind: BackendKind) {
    let count = 2_000
    Benchmark.doing("\(kind): start and seal an empty stream", count: count) { timer in
        try await kind.withBackend { backend in
            timer.start()
            for number in 0..<count { try await backend.store(try .numbered(number)) }
            timer.stop()
        }
    }
    Benchmark.doing("\(kind): open a sealed stream", count: count) { timer in
        try await kind.withBackend { backend in
            for number in 0..<count { try await backend.store(try .numbered(number)) }
            timer.start()
            for number in 0..<count {
                blackHole(try await backend.makeReader(for: try .numbered(number)).opened().value())
            }
            timer.stop()
        }
    }
    Benchmark.doing("\(kind): remove a stream", count: count) { timer in
        try await kind.withBackend { backend in
            for number in 0..<count { try await backend.store(try .numbered(number)) }
            timer.start()
            for number in 0..<count { try await backend.remove(try .numbered(number)) }
            timer.stop()
        }
    }
}

extension StreamID {
    /// Names in order.
    static func numbered(_ number: Int) throws -> StreamID {
        let digits = String(number)
        return try StreamID("stream-" + String(repeating: "0", count: 10 - digits.utf8.count) + digits)
    }
}
