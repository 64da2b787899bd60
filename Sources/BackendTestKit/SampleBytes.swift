import CacheProtocol
import Crypto
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes without end that are cheap to make and to compare, and in which no two places near each other look alike.
///
/// They repeat after a prime number of bytes, so that bytes which come from one page, block or window too far do not
/// match.
struct SampleBytes: Sendable {
    private static let period = 65_521
    /// Two periods, so that any stretch of up to one lies in one piece.
    private let block: [UInt8]

    /// Makes bytes that depend on a seed.
    init(seed: UInt64 = 1) {
        var random = SplitMix64(seed: seed)
        var block: [UInt8] = []
        block.reserveCapacity(2 * Self.period + 8)
        while block.count < Self.period {
            withUnsafeBytes(of: random.next()) { block.append(contentsOf: $0) }
        }
        block.removeLast(block.count - Self.period)
        self.block = block + block
    }

    /// The bytes of a range.
    func buffer(_ range: Range<Int>) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: range.count)
        self.forEachPiece(range) { buffer.writeBytes($0) }
        return buffer
    }

    /// Where bytes first differ from those from `offset` on, counted from the bytes' start.
    func firstDifference(_ bytes: ByteBuffer, at offset: Int) -> Int? {
        bytes.withUnsafeReadableBytes { actual in
            var position = 0
            var difference: Int?
            self.forEachPiece(offset..<offset + actual.count) { piece in
                defer { position += piece.count }
                guard difference == nil, let expected = piece.baseAddress, let start = actual.baseAddress else {
                    return
                }
                if memcmp(start + position, expected, piece.count) != 0 {
                    difference = (0..<piece.count).first { actual[position + $0] != piece[$0] }.map { position + $0 }
                }
            }
            return difference
        }
    }

    /// The digest of the first `count` bytes.
    func sha256(_ count: Int) -> SHA256Value? {
        var hasher = SHA256()
        self.forEachPiece(0..<count) { hasher.update(bufferPointer: $0) }
        return SHA256Value(bytes: hasher.finalize())
    }

    private func forEachPiece(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
        self.block.withUnsafeBytes { block in
            var position = range.lowerBound
            while position < range.upperBound {
                let start = position % Self.period
                let count = min(Self.period, range.upperBound - position)
                body(UnsafeRawBufferPointer(rebasing: block[start..<start + count]))
                position += count
            }
        }
    }
}

/// Sebastiano Vigna's generator: small, seeded, and the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
