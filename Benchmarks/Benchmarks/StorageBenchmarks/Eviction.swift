import Benchmark
import BenchmarkSupport
import CacheProtocol
import NIOCore

/// Uploads into a full cache: each takes the room of one that goes.
func benchmarkEviction(_ kind: BackendKind) {
    let chunk = ByteBuffer(repeating: 0x5A, count: 64 << 10)
    let room = 512
    let count = 1_000
    for isFull in [false, true] {
        let name = isFull ? "into a full cache, evicting one each" : "where there is room"
        Benchmark.doing("\(kind): store 64 KiB \(name)", count: count) { timer in
            let streams = isFull ? room : room + count + 1
            try await kind.withBackend(maximumBytes: Int64(streams * chunk.readableBytes)) { backend in
                for number in 0..<room { try await backend.store(try .numbered(number), chunk, count: 1) }
                timer.start()
                for number in room..<room + count { try await backend.store(try .numbered(number), chunk, count: 1) }
                timer.stop()
            }
        }
    }
}
