import CacheProtocol
import FileBackendSupport
import FileStorage
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Writers that meet")
struct TakeoverTests {
    private static let resume = WriteOptions(mode: .resume)

    @Test("a newcomer that goes away before it opens leaves the stream to its writer")
    func newcomerLeavesUnopened() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        var writer = try await backend.start("a")
        try await writer.appendAll([1, 2])
        drop(try backend.makeWriter(for: StreamID("a"), options: Self.resume))
        do {
            let second = try backend.makeWriter(for: StreamID("a"), options: Self.resume)
            let third = try backend.makeWriter(for: StreamID("a"), options: Self.resume)
            drop(second)
            drop(third)
        }
        let error = try await failure { try await backend.remove(StreamID("a")) }
        #expect(error.code == .streamBusy)
        try await writer.appendAll([3])
        _ = try await writer.finish().value()
        #expect(try await backend.bytes("a") == [1, 2, 3])
        #expect(await backend.health().gauges["streams_written"] == 0)
    }

    @Test("a newcomer that can't open leaves a stream that is suspended, not one that is live for ever")
    func newcomerFails() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        var writer = try await backend.start("a")
        try await writer.appendAll([1, 2])
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        bench.calls.inject(.init(calls: [.open], number: EMFILE))
        let error = try await failure { _ = try await backend.start("a", Self.resume) }
        #expect(error.code == .limit)
        bench.calls.inject(nil)
        #expect(try await reader.grown(past: 100) == StreamStatus(size: 2, state: .suspended))
        drop(writer)
        let again = try backend.makeWriter(for: StreamID("a"), options: Self.resume)
        #expect(try await again.opened().value().offset == 2)
        drop(again)
    }

    @Test("a writer that goes away while it is being opened lets go once, when it is open")
    func leavesWhileOpening() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        let turnstile = Turnstile()
        bench.calls.hook { call, _ in
            guard call == .create else { return }
            turnstile.pass()
        }
        let writer = try made.backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        let answer = writer.opened()
        async let position = answer.value()
        await turnstile.reached()
        drop(writer)
        // It still holds the name: nobody else gets at the file that is being made.
        #expect(
            try await failure { _ = try made.backend.makeWriter(for: StreamID("a"), options: WriteOptions()) }.code
                == .streamBusy
        )
        bench.calls.hook(nil)
        turnstile.open()
        _ = try await position
        await made.store.drained()
        #expect(try await made.backend.info(StreamID("a")).state == .suspended)
        let gauges = await made.backend.health().gauges
        #expect(gauges["streams_written"] == 0)
        #expect(gauges["streams_open"] == 0)
    }

    @Test("a reader that found a file just before it was removed does not bring it back")
    func readerMeetsRemoval() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        try await made.backend.write("a", [1, 2, 3])
        let turnstile = Turnstile()
        bench.calls.hook { call, _ in
            // The file is open then, and its facts are being read.
            guard call == .attribute else { return }
            turnstile.pass()
        }
        let reader = try made.backend.makeReader(for: StreamID("a"))
        async let opened = Result { try await reader.opened().value() }
        await turnstile.reached()
        bench.calls.hook(nil)
        try await made.backend.remove(StreamID("a"))
        turnstile.open()
        let result = await opened
        #expect(throws: CacheError.self) { try result.get() }
        #expect(try await failure { _ = try await made.backend.info(StreamID("a")) }.code == .streamNotFound)
        try await made.backend.write("a", [4], WriteOptions(contentType: "audio/x"))
        #expect(try await made.backend.bytes("a") == [4])
        #expect(try await made.backend.info(StreamID("a")).contentType == "audio/x")
    }

    @Test("a reader that finds a stream as it begins sees its writer's facts and bytes")
    func readerMeetsStart() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        let turnstile = Turnstile()
        bench.calls.hook { call, _ in
            // The new file is there, and nothing is known about it yet.
            guard call == .setAttribute else { return }
            turnstile.pass()
        }
        var writer = try made.backend.makeWriter(
            for: StreamID("a"),
            options: WriteOptions(contentType: "audio/x", metadata: ["k": "v"])
        )
        let answer = writer.opened()
        async let position = answer.value()
        await turnstile.reached()
        bench.calls.hook(nil)
        let reader = try made.backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        turnstile.open()
        _ = try await position
        let info = try await made.backend.info(StreamID("a"))
        #expect(info.contentType == "audio/x" && info.metadata == ["k": "v"] && info.state == .live)
        try await writer.appendAll([1, 2])
        writer.flush()
        #expect(try await reader.grown(past: 1) == StreamStatus(size: 2, state: .live))
        #expect(try await writer.finish().value().contentType == "audio/x")
    }

    @Test("a thousand times, of several writers of one name one begins, and none is left holding it")
    func startRaces() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        for round in 0..<1_000 {
            let winners = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        let mode: WriteOptions.Mode = number == 3 ? .resume : .create
                        do {
                            var writer = try await made.backend.start("a", WriteOptions(mode: mode))
                            if number == 2 { return 0 }
                            try await writer.appendAll([UInt8(number)])
                            _ = try await writer.finish().value()
                            return 1
                        } catch let error as CacheError {
                            guard [.streamBusy, .streamExists].contains(error.code) else { throw error }
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            try #require(winners <= 1, "round \(round)")
            await made.store.drained()
            try await made.backend.remove(StreamID("a"))
            try #require(await made.backend.health().gauges["streams_open"] == 0, "round \(round)")
        }
        #expect(bench.files == [])
    }

    @Test("a thousand times, a stream is removed and written again while it is being opened and read")
    func removalRaces() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        try await made.backend.write("a", [UInt8](repeating: 0, count: 100))
        for round in 1...1_000 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        do {
                            let bytes = try await made.backend.bytes("a")
                            // All of one stream, never some of each.
                            try #require(Set(bytes).count <= 1, "\(bytes)")
                        } catch let error as CacheError {
                            guard [.streamNotFound, .aborted, .range].contains(error.code) else { throw error }
                        }
                    }
                }
                group.addTask {
                    try await made.backend.remove(StreamID("a"))
                    try await made.backend.write(
                        "a",
                        [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 100)
                    )
                }
                try await group.waitForAll()
            }
            let bytes = try await made.backend.bytes("a")
            try #require(bytes == [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 100), "round \(round)")
        }
        try await made.backend.remove(StreamID("a"))
        #expect(await made.backend.health().gauges["streams_open"] == 0)
    }

    @Test("writers that take a stream over from each other all the time lose and double no byte")
    func takeoverRaces() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while true {
                        do {
                            var writer = try made.backend.makeWriter(for: StreamID("a"), options: Self.resume)
                            var offset = Int(try await writer.opened().value().offset)
                            for _ in 0..<3 where offset < bytes.count {
                                let end = min(offset + 1_000, bytes.count)
                                try await writer.appendAll(Array(bytes[offset..<end]))
                                offset = end
                                await Task.yield()
                            }
                            guard offset == bytes.count else { continue }
                            _ = try await writer.finish().value()
                            return
                        } catch let error as CacheError {
                            if error.code == .streamExists { return }
                            guard error.code == .streamBusy else { throw error }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await made.backend.bytes("a") == bytes)
        await made.store.drained()
        #expect(await made.backend.health().gauges["streams_open"] == 0)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
