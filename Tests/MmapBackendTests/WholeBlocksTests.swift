import CacheProtocol
import FileBackendSupport
import NIOCore
import TestSupport
import Testing

@Suite("The pieces in which a stream reaches its file")
struct WholeBlocksTests {
    private static let block: Int64 = 256 << 10

    /// Where a write ends that is neither the stream's end nor a block's.
    private func oddEnds(of bench: FileBench, until end: Int64) -> [Int64] {
        bench.calls.notedWrites.map(\.upperBound).filter { $0 % Self.block != 0 && $0 != end }
    }

    @Test("however a fast upload is cut, it is written in whole blocks, and the rest at its end")
    func wholeBlocks() async throws {
        try await checkProperty(runs: 20) { random in
            let bench = try FileBench.mmap()
            let backend = try await bench.make().backend
            bench.calls.noteWrites()
            let bytes = random.bytes(Int.random(in: 1...1_500_000, using: &random))
            var writer = try await backend.start("a")
            try await self.append(bytes[...], to: &writer, using: &random)
            _ = try await writer.finish().value()
            let odd = self.oddEnds(of: bench, until: Int64(bytes.count))
            try #require(odd.isEmpty, "\(odd)")
            try #require(try await backend.bytes("a") == bytes)
        }
    }

    @Test("a stream that goes on at an odd place comes back to whole blocks")
    func resumed() async throws {
        try await checkProperty(runs: 10) { random in
            let bench = try FileBench.mmap()
            let backend = try await bench.make().backend
            let bytes = random.bytes(1_500_000)
            let middle = Int.random(in: 1...700_000, using: &random)
            try await backend.writeAndDrop("a", Array(bytes[..<middle]))
            bench.calls.noteWrites()
            var options = WriteOptions()
            options.mode = .resume
            var writer = try await backend.start("a", options)
            try await self.append(bytes[middle...], to: &writer, using: &random)
            _ = try await writer.finish().value()
            let odd = self.oddEnds(of: bench, until: Int64(bytes.count))
            try #require(odd.isEmpty, "\(odd)")
            try #require(try await backend.bytes("a") == bytes)
        }
    }

    @Test("bytes that are said to be the last for now are written at once, and only those wait for more that are not")
    func flushed() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        var writer = try await backend.start("a")
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        _ = try writer.append(ByteBuffer(repeating: 1, count: 1_000))
        #expect(reader.status.size == 0)
        writer.flush()
        #expect(reader.status.size == 1_000)
        _ = try await reader.grown(past: 999)
        #expect(try await reader.read(at: 0, count: 2_000).value().readableBytes == 1_000)
        _ = try writer.append(ByteBuffer(repeating: 2, count: 1_000))
        #expect(reader.status.size == 1_000)
        drop(writer)
        try await backend.settle("a")
        #expect(try await backend.bytes("a").count == 2_000)
    }

    private func append(
        _ bytes: ArraySlice<UInt8>,
        to writer: inout StreamWriter,
        using random: inout SeededGenerator
    ) async throws {
        var rest = bytes
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...200_000, using: &random))
            rest = rest.dropFirst(part.count)
            if case .pause(let readiness) = try writer.append(ByteBuffer(bytes: part)) { try await readiness.value() }
        }
    }
}
