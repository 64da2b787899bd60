import CacheProtocol
import Crypto
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

/// Every file call of a stream's life fails once, or from then on: the first, the second, until the life gets through.
@Suite("File calls that fail")
struct FaultSweepTests {
    private static let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    private static let digest = SHA256Value(bytes: SHA256.hash(data: bytes))

    struct Sweep: CustomTestStringConvertible, Sendable {
        var call: FaultyFileCalls.Call
        var number: CInt
        var isLasting: Bool
        var testDescription: String {
            "\(self.call.rawValue): \(self.number == ENOSPC ? "ENOSPC" : "EIO"), \(self.isLasting ? "for ever" : "once")"
        }
    }

    static let sweeps: [Sweep] = FaultyFileCalls.Call.allCases
        .filter { ![.names, .lock].contains($0) }
        .flatMap { call in
            [ENOSPC, EIO].flatMap { number in
                [false, true].map { Sweep(call: call, number: number, isLasting: $0) }
            }
        }

    /// What a life achieved.
    private struct Achieved {
        var isSealed = false
        var hasAborted = false
        var isRemoved = false
        var suspendedSize: Int64 = 0
    }

    @Test("a failing call is reported, loses nothing acknowledged, and leaves no stream stuck", arguments: sweeps)
    func sweep(_ sweep: Sweep) async throws {
        for durability in [Durability.process, .power] {
            var number = 1
            while true {
                let bench = try FileBench.mmap()
                let made = try await bench.make { $0.durability = durability }
                bench.calls.inject(
                    .init(calls: [sweep.call], number: sweep.number, from: number, isLasting: sweep.isLasting)
                )
                let achieved = try await Self.live(made.backend)
                let hits = bench.calls.hits
                bench.calls.inject(nil)
                try await Self.examine(made, achieved, bench, "\(sweep.testDescription), call \(number), \(durability)")
                guard hits > 0 else { break }
                number += 1
                try #require(number < 200)
            }
        }
    }

    /// A stream's life: begun, dropped, gone on with, read, sealed; another one aborted, a third one removed.
    private static func live(_ backend: any CacheBackend) async throws -> Achieved {
        var achieved = Achieved()
        func attempt(_ body: () async throws -> Void) async throws {
            do {
                try await body()
            } catch let error as CacheError {
                try #require(
                    [.io, .storageFull, .streamNotFound, .streamExists].contains(error.code),
                    "\(error)"
                )
            }
        }
        try await attempt {
            var writer = try await backend.start("a")
            try await writer.appendAll(Array(Self.bytes[..<300_000]))
            writer.flush()
            let reader = try backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            drop(writer)
            var status = reader.status
            while status.state == .live { status = try await reader.grown(past: .max) }
            achieved.suspendedSize = status.size
        }
        try await attempt {
            var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .resume))
            let offset = Int(try await writer.opened().value().offset)
            try await writer.appendAll(Array(Self.bytes[offset...]))
            _ = try await writer.finish(expecting: Self.digest).value()
            achieved.isSealed = true
        }
        try await attempt {
            var writer = try await backend.start("b")
            try await writer.appendAll(Array(Self.bytes[..<1_000]))
            try await writer.abort().value()
            achieved.hasAborted = true
        }
        try await attempt {
            try await backend.write("c", Array(Self.bytes[..<1_000]))
            try await backend.remove(StreamID("c"))
            achieved.isRemoved = true
        }
        return achieved
    }

    private static func examine(
        _ made: FileBench.Made,
        _ achieved: Achieved,
        _ bench: FileBench,
        _ comment: Comment
    ) async throws {
        let backend = made.backend
        for name in ["a", "b", "c"] where try await backend.names().contains(name) {
            try await backend.settle(name)
            let bytes = try await backend.bytes(name)
            try #require(bytes == Array(Self.bytes[..<bytes.count]), comment)
        }
        if achieved.isSealed {
            let info = try await backend.info(StreamID("a"))
            try #require(info.state == .sealed && info.size == Int64(Self.bytes.count), comment)
            try #require(info.sha256 == Self.digest, comment)
        } else if achieved.suspendedSize > 0 {
            try #require(try await backend.info(StreamID("a")).size >= achieved.suspendedSize, comment)
        }
        let names = try await backend.names()
        if achieved.hasAborted { try #require(!names.contains("b"), comment) }
        if achieved.isRemoved { try #require(!names.contains("c"), comment) }
        // No name is stuck, and nothing is left behind.
        for name in ["a", "b", "c"] {
            try await backend.write(name, [1, 2, 3], WriteOptions(mode: .overwrite))
            try #require(try await backend.bytes(name) == [1, 2, 3], comment)
            try await backend.remove(StreamID(name))
        }
        await made.store.drained()
        var rounds = 0
        while !bench.residue.isEmpty, rounds < 10_000 {
            rounds += 1
            await Task.yield()
        }
        try #require(bench.residue == [], comment)
        let gauges = await backend.health().gauges
        try #require(gauges["streams_open"] == 0 && gauges["streams_written"] == 0, comment)
    }

    @Test("room that was found before an extent could not be had is given back")
    func extentIsCutBack() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        var writer = try await made.backend.start("a")
        try await writer.appendAll([UInt8](repeating: 1, count: 1_000))
        bench.calls.inject(.init(calls: [.preallocate], number: ENOSPC))
        let held = Held(writer)
        let error = try await failure {
            guard var writer = held.take() else { return }
            try await writer.appendAll([UInt8](repeating: 1, count: 4 << 20))
            _ = try await writer.finish().value()
        }
        #expect(error.code == .storageFull)
        bench.calls.inject(nil)
        try await made.backend.settle("a")
        let size = try await made.backend.info(StreamID("a")).size
        var info = stat()
        #expect(stat(bench.file("a.part"), &info) == 0)
        #expect(Int64(info.st_size) == size)
        #expect(Int64(info.st_blocks) * 512 <= size + 8_192)
    }

    @Test("after a failed flush a stream is never sealed, not even by trying again, until it is sent again")
    func failedFlush() async throws {
        for failing in [1, 2] {
            let bench = try FileBench.mmap()
            func make() async throws -> FileBench.Made { try await bench.make { $0.durability = .power } }
            do {
                let made = try await make()
                bench.calls.inject(.init(calls: [.flush], number: EIO, from: failing, isLasting: false))
                let error = try await failure { try await made.backend.write("a", Self.bytes) }
                #expect(error.code == .io)
                #expect(bench.files == ["a.part"])
                #expect(try await made.backend.bytes("a") == Self.bytes)
                let refusal = try await failure { _ = try await made.backend.start("a", WriteOptions(mode: .resume)) }
                #expect(refusal.code == .io)
                #expect(refusal.message.contains("Send it again"))
            }
            let made = try await make()
            let refusal = try await failure { _ = try await made.backend.start("a", WriteOptions(mode: .resume)) }
            #expect(refusal.code == .io)
            try await made.backend.write("a", [1], WriteOptions(mode: .overwrite))
            #expect(bench.files == ["a.audio"])
        }
    }

    @Test("writes that take one byte at a time, or none, end")
    func slowWrites() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        bench.calls.writeAtMost(1)
        try await made.backend.write("a", Array(Self.bytes[..<5_000]))
        #expect(try await made.backend.bytes("a") == Array(Self.bytes[..<5_000]))
        bench.calls.writeAtMost(0)
        let error = try await failure { try await made.backend.write("b", [1]) }
        #expect(error.code == .io)
    }
}

/// A writer that is handed into a closure.
final class Held: @unchecked Sendable {
    // Sendable: one task at a time has it.
    private var writer: StreamWriter?
    init(_ writer: consuming StreamWriter) { self.writer = consume writer }
    func take() -> StreamWriter? { self.writer.take() }
}
