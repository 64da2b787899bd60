import CacheProtocol
import FileBackendSupport
import Synchronization
import TestSupport
import Testing

@testable import FileStorage

@Suite("What goes on while the directory is looked through at the start", .timeLimit(.minutes(5)))
struct StartTests {
    @Test("live streams are flushed to the device meanwhile, and whoever ends the gateway does not wait for the rest")
    func heldUp() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make { $0.durability = .power }
        for number in 0..<20 { try await made.backend.write("s\(number)", [1]) }
        var writer = try await made.backend.start("live")
        try await writer.appendAll([1, 2, 3])
        writer.flush()
        let reader = try made.backend.makeReader(for: StreamID("live"))
        _ = try await reader.opened().value()
        _ = try await reader.grown(past: 2)
        let turnstile = Turnstile()
        let isHeld = Mutex(false)
        let (flushes, flushed) = AsyncStream<Void>.makeStream()
        bench.calls.hook { call, path in
            if call == .flush, path.hasSuffix("/live.part") { flushed.yield() }
            // The first file that is looked at.
            guard call == .attribute,
                isHeld.withLock({ held in
                    defer { held = true }; return !held
                })
            else { return }
            turnstile.pass()
        }
        let running = Task { try await made.backend.run() }
        await turnstile.reached()
        for await _ in flushes { break }
        running.cancel()
        turnstile.open()
        while await made.backend.health().gauges["streams_written"] == 0 { await Task.yield() }
        _ = try await writer.finish().value()
        try await running.value
        let health = await made.backend.health()
        #expect(health.gauges["recovery_is_done"] == 0 && health.problems == [])
        #expect(made.store.recoveryCounter.looked < 20)
        bench.calls.hook(nil)
    }

    @Test("what was allocated ahead for an upload whose gateway was killed is given back, and its bytes are there")
    func room() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        let calls = POSIXFileCalls()
        let directory = try calls.openDirectory(bench.path)
        let file = try calls.open("a.part", in: directory, .create)
        let bytes: [UInt8] = [1, 2, 3]
        #expect(try bytes.withUnsafeBytes { try calls.write($0, to: file, at: 0) } == bytes.count)
        guard try calls.preallocate(file, from: 3, count: 8 << 20), try calls.status(of: file).allocatedBytes >= 8 << 20
        else {
            // Not a file system that allocates ahead.
            return
        }
        let modified = try calls.status(of: file).modifiedMilliseconds - 3_600_000
        try calls.setModified(modified, of: file)
        try await made.running {
            try await eventually("the room is given back") { try calls.status(of: file).allocatedBytes < 1 << 20 }
            // Its time still counts from its last byte.
            try await eventually("it counts from there") {
                try calls.status(of: file).modifiedMilliseconds == modified
            }
            #expect(try await made.backend.info(StreamID("a")).size == 3)
            var writer = try await made.backend.start("a", WriteOptions(mode: .resume))
            try await writer.appendAll([4])
            _ = try await writer.finish().value()
            #expect(try await made.backend.bytes("a") == [1, 2, 3, 4])
        }
    }
}
