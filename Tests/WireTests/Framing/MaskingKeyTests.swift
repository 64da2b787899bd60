import NIOCore
import Testing
import Wire

@Suite("Masking")
struct MaskingKeyTests {
    private static let keys: [MaskingKey] = [
        .zero, MaskingKey(littleEndian: .max), MaskingKey(littleEndian: 1), MaskingKey(littleEndian: 0x8000_0000),
        MaskingKey(littleEndian: 0x3D21_FA37), MaskingKey(littleEndian: 0xABCD_ABCD),
    ]

    /// RFC 6455, 5.3: byte i is XORed with byte i modulo 4 of the key.
    private func masked(_ bytes: [UInt8], _ key: MaskingKey) -> [UInt8] {
        let word = key.littleEndian
        return bytes.enumerated().map { $1 ^ UInt8(truncatingIfNeeded: word >> (8 * UInt32($0 % 4))) }
    }

    @Test("every length, alignment and key gives what the byte loop gives", arguments: Self.keys)
    func everyLength(key: MaskingKey) {
        var random = SplitMix64(seed: UInt64(key.littleEndian))
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: 400, alignment: 64)
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 400, alignment: 64)
        defer {
            source.deallocate()
            target.deallocate()
        }
        for length in 0...300 {
            let bytes = random.bytes(length)
            let from = Int.random(in: 0...66, using: &random)
            let to = Int.random(in: 1...66, using: &random)
            UnsafeMutableRawBufferPointer(rebasing: source[from...]).copyBytes(from: bytes)
            target.initializeMemory(as: UInt8.self, repeating: 0x5A)
            key.apply(
                from: UnsafeRawBufferPointer(rebasing: source[from..<(from + length)]),
                to: UnsafeMutableRawBufferPointer(rebasing: target[to...])
            )
            #expect(Array(target[to..<(to + length)]) == self.masked(bytes, key), "length \(length), \(from) to \(to)")
            #expect(target[to - 1] == 0x5A && target[to + length] == 0x5A, "written beside the place, length \(length)")

            let place = UnsafeMutableRawBufferPointer(rebasing: source[from..<(from + length)])
            key.apply(from: UnsafeRawBufferPointer(place), to: place)
            #expect(Array(place) == self.masked(bytes, key), "in place, length \(length) at \(from)")
        }
    }

    @Test("a key that was turned goes on where the first part ended", arguments: Self.keys)
    func advanced(key: MaskingKey) {
        var random = SplitMix64(seed: 5)
        for first in 0...9 {
            for second in 0...9 {
                #expect(key.advanced(by: first).advanced(by: second) == key.advanced(by: first + second))
            }
            let bytes = random.bytes(40)
            let parts =
                self.masked(Array(bytes[..<first]), key) + self.masked(Array(bytes[first...]), key.advanced(by: first))
            #expect(parts == self.masked(bytes, key))
        }
        #expect(key.advanced(by: 4) == key)
        #expect(key.advanced(by: (1 << 40) + 3) == key.advanced(by: 3))
    }

    @Test("bytes that are unmasked in random pieces are those that are unmasked at once")
    func pieces() {
        for seed in 1...500 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let key = MaskingKey(littleEndian: random.oneIn(5) ? 0 : UInt32(truncatingIfNeeded: random.next()))
            let plain = random.bytes(Int.random(in: 0...300, using: &random))
            var masked = MaskedBytes(bytes: ByteBuffer(bytes: self.masked(plain, key)), key: key)
            #expect(masked.count == plain.count)
            #expect(Array(masked.unmasked().readableBytesView) == plain, "seed \(seed)")

            var collected: [UInt8] = []
            while masked.count > 0 {
                let count = Int.random(in: 0...70, using: &random)
                let before = random.bytes(Int.random(in: 0...3, using: &random))
                let room = before.count + count
                let piece = [UInt8](unsafeUninitializedCapacity: room) { target, initialized in
                    let raw = UnsafeMutableRawBufferPointer(target)
                    var span = OutputRawSpan(buffer: raw, initializedCount: 0)
                    for byte in before { span.append(byte) }
                    masked.unmask(into: &span)
                    initialized = span.finalize(for: raw)
                }
                #expect(Array(piece.prefix(before.count)) == before, "what was in the span is left alone")
                #expect(piece.count == room || masked.count == 0, "seed \(seed): room was left unused")
                collected += piece.dropFirst(before.count)
            }
            #expect(collected == plain, "seed \(seed)")
        }
    }
}
