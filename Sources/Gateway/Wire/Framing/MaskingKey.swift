/// The four bytes that a client's payload is XORed with (RFC 6455, 5.3).
public struct MaskingKey: Hashable, Sendable {
    /// The key's bytes; the first one on the wire is the lowest.
    private let word: UInt32

    /// The key that changes nothing.
    public static let zero = MaskingKey(littleEndian: 0)

    /// Takes the key from a word whose lowest byte is the first one on the wire.
    ///
    /// - Parameter word: The key.
    public init(littleEndian word: UInt32) { self.word = word }

    /// A word whose lowest byte is the first one on the wire.
    public var littleEndian: UInt32 { self.word }

    /// The key for the payload that begins `count` bytes further on.
    ///
    /// - Parameter count: How many payload bytes were passed; 0 or more.
    /// - Returns: The key turned so that its first byte applies to the next payload byte.
    public func advanced(by count: Int) -> MaskingKey {
        let bits = UInt32(truncatingIfNeeded: count & 3) &* 8
        return bits == 0 ? self : MaskingKey(littleEndian: self.word &>> bits | self.word &<< (32 &- bits))
    }

    /// Masks or unmasks while copying: one pass, 64 bytes at a time.
    ///
    /// Source and destination may be the same place, or must not overlap.
    ///
    /// - Parameters:
    ///   - source: The bytes.
    ///   - destination: At least as many bytes of room, initialized or not.
    @inline(__always)
    public func apply(from source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawBufferPointer) {
        precondition(destination.count >= source.count, "the destination is too small")
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        let count = source.count
        guard self.word != 0 else {
            to.copyMemory(from: from, byteCount: count)
            return
        }
        let word = self.word.littleEndian
        let wide = SIMD8<UInt64>(repeating: UInt64(word) | UInt64(word) &<< 32)
        var index = 0
        while index &+ 64 <= count {
            let block = from.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self)
            to.storeBytes(of: block ^ wide, toByteOffset: index, as: SIMD8<UInt64>.self)
            index &+= 64
        }
        while index &+ 4 <= count {
            let block = from.loadUnaligned(fromByteOffset: index, as: UInt32.self)
            to.storeBytes(of: block ^ word, toByteOffset: index, as: UInt32.self)
            index &+= 4
        }
        while index < count {
            let byte = from.load(fromByteOffset: index, as: UInt8.self)
            let key = UInt8(truncatingIfNeeded: self.word &>> UInt32(truncatingIfNeeded: (index & 3) &* 8))
            to.storeBytes(of: byte ^ key, toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
    }
}
