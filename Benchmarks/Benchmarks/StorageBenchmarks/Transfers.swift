import Benchmark
import BenchmarkSupport
import CacheProtocol
import NIOCore

/// Appending and reading 64 KiB at a time, as a connection does.
func benchmarkTransfers(_ kind: BackendKind) {
    let count = 2_048
    let chunk = ByteBuffer(repeating: 0x5A, count: 64 << 10)
    Benchmark.moving("\(kind): append 128 MiB and seal", bytes: count * chunk.readableBytes) { timer in
        try await kind.withBackend { backend in
            // Into memory, and a page cache, that were used before.
            for name in ["warm-up", "measured"] {
                let id = try StreamID(name)
                if name == "measured" { timer.start() }
                try await backend.store(id, chunk, count: count)
                if name == "measured" { timer.stop() }
                try await backend.remove(id)
            }
        }
    }
    Benchmark.moving("\(kind): read 128 MiB", bytes: count * chunk.readableBytes) { timer in
        try await kind.withBackend { backend in
            let id = try StreamID("stream")
            try await backend.store(id, chunk, count: count)
            _ = try await backend.readThrough(id, count: chunk.readableBytes)
            timer.start()
            blackHole(try await backend.readThrough(id, count: chunk.readableBytes))
            timer.stop()
        }
    }
}
