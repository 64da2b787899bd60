import CacheProtocol
import FileBackendSupport
import FileStorage
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Labels that are long for what a file system keeps beside a file")
struct LongLabelsTests {
    /// About so many bytes of labels.
    private static func labels(_ count: Int) -> WriteOptions {
        var options = WriteOptions()
        for number in 0..<count / 220 { options.metadata["\(number)"] = String(repeating: "x", count: 212) }
        return options
    }

    @Test("those that would not fit at the stream's end are refused before anything is done for it")
    func refused() async throws {
        let bench = try FileBench.mmap()
        bench.calls.attributesAtMost(3_000)
        let made = try await bench.make { $0.durability = .power }
        try await made.backend.write("old", [7])
        for count in stride(from: 220, to: 4_000, by: 220) {
            let options = Self.labels(count)
            do {
                var writer = try await made.backend.start("a", options)
                try await writer.appendAll([1, 2, 3])
                // It began, so it can be sealed.
                let info = try await writer.finish().value()
                #expect(info.metadata == options.metadata && info.sha256 != nil)
                try await made.backend.remove(StreamID("a"))
            } catch let error as CacheError {
                #expect(error.code == .unsupported && error.message.contains("labels"))
                #expect(count > 1_900)
            }
            #expect(try await made.backend.names() == ["old"] && bench.files == ["old.audio"])
        }
        // What it was to replace is there.
        var options = Self.labels(3_000)
        options.mode = .overwrite
        let refusal = try await failure { _ = try await made.backend.start("old", options) }
        #expect(refusal.code == .unsupported)
        #expect(try await made.backend.bytes("old") == [7])
    }

    @Test("where a file system has room for them they are kept, and read back at the next start")
    func kept() async throws {
        let bench = try FileBench.mmap()
        bench.calls.attributesAtMost(64 << 10)
        let options = Self.labels(2_600)
        do {
            let made = try await bench.make { $0.durability = .power }
            try await made.backend.write("a", [1, 2, 3], options)
        }
        #expect(try await bench.make().backend.info(StreamID("a")).metadata == options.metadata)
    }

    @Test("why a stream must not be sealed is remembered, be there room for its labels or not")
    func damage() async throws {
        let bench = try FileBench.mmap()
        do {
            let made = try await bench.make { $0.durability = .power }
            var writer = try await made.backend.start("a", Self.labels(2_200))
            try await writer.appendAll([1, 2, 3])
            writer.flush()
            let reader = try made.backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            _ = try await reader.grown(past: 2)
            // As other attributes leave less room than there was.
            bench.calls.attributesAtMost(2_000)
            bench.calls.inject(.init(calls: [.flush], number: EIO))
            await made.store.upkeep()
            bench.calls.inject(nil)
            drop(writer)
            await made.store.drained()
        }
        let again = try await bench.make { $0.durability = .power }
        let error = try await failure { _ = try await again.backend.start("a", WriteOptions(mode: .resume)) }
        #expect(error.code == .io && error.message.contains("can't be gone on with"))
    }
}
