import Benchmark
import BenchmarkSupport
import NIOCore
import Wire

/// A client's frames, as a gateway's socket cuts them: 256 KiB at a time.
func benchmarkFraming() {
    for length in [160, 1_024, 8_192, 65_536, 1 << 20] {
        let frames = MaskedFrames(payloadLength: length)
        Benchmark.moving("parse: frames of \(length) bytes", bytes: frames.payloadCount) {
            blackHole(try frames.parse { _ in })
        }
        Benchmark.moving("parse and unmask: frames of \(length) bytes", bytes: frames.payloadCount) {
            let target = Target(byteCount: 256 << 10)
            let count = try frames.parse { bytes in
                var bytes = bytes
                var span = OutputRawSpan(buffer: target.memory, initializedCount: 0)
                bytes.unmask(into: &span)
                _ = span.finalize(for: target.memory)
            }
            blackHole(count)
        }
    }
    for length in [160, 65_536] {
        let rounds = (32 << 20) / length
        let source = Target(byteCount: length)
        let target = Target(byteCount: length)
        let key = MaskingKey(littleEndian: 0x1234_5678)
        Benchmark.moving("unmask: \(length) bytes", bytes: rounds * length) {
            for _ in 0..<rounds { key.apply(from: UnsafeRawBufferPointer(source.memory), to: target.memory) }
            blackHole(target.memory[length - 1])
        }
    }
    Benchmark.doing("write the header of an answer", count: 100_000) {
        var buffer = ByteBufferAllocator().buffer(capacity: FrameHeader.maximumEncodedLength)
        for _ in 0..<100_000 {
            buffer.clear()
            FrameHeader(opcode: .binary, payloadLength: 65_536).encode(into: &buffer)
        }
        blackHole(buffer.readableBytes)
    }
}

/// Frames that are masked as a client's are, cut into the pieces in which a socket is read.
struct MaskedFrames {
    /// How many bytes of payload they have in all.
    let payloadCount: Int
    private let pieces: [ByteBuffer]

    /// Makes about 32 MiB of them.
    init(payloadLength: Int) {
        let count = (32 << 20) / payloadLength
        let payload = ByteBuffer(repeating: 0x5A, count: payloadLength)
        var all = ByteBufferAllocator().buffer(capacity: count * (payloadLength + FrameHeader.maximumEncodedLength))
        for index in 0..<count {
            let key = MaskingKey(littleEndian: UInt32(truncatingIfNeeded: index) &* 0x9E37_79B1 | 1)
            all.writeFrame(.binary, payload: payload, maskingKey: key)
        }
        var pieces: [ByteBuffer] = []
        while all.readableBytes > 0, let piece = all.readSlice(length: min(256 << 10, all.readableBytes)) {
            pieces.append(piece)
        }
        self.payloadCount = count * payloadLength
        self.pieces = pieces
    }

    /// Parses them all.
    ///
    /// - Returns: How many bytes of payload there were.
    func parse(_ body: (MaskedBytes) -> Void) throws -> Int {
        var parser = FrameParser(role: .server)
        var count = 0
        for piece in self.pieces {
            var piece = piece
            while let event = try parser.next(&piece) {
                guard case .binary(let bytes, _) = event else { continue }
                body(bytes)
                count += bytes.count
            }
        }
        return count
    }
}

/// Memory to write to.
final class Target {
    let memory: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        self.memory = .allocate(byteCount: byteCount, alignment: 64)
        self.memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { self.memory.deallocate() }
}
