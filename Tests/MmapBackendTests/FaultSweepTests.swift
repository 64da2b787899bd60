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

@Suite("File calls that fail")
struct FaultSweepTests {
    private static let bytes = FaultSweep.bytes

    @Test(
        "a failing call is reported, loses nothing acknowledged, and leaves no stream stuck",
        arguments: FaultSweep.all
    )
    func sweep(_ sweep: FaultSweep) async throws {
        for durability in [Durability.process, .power] { try await sweep.run(durability) { try FileBench.mmap() } }
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
