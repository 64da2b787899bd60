import Crypto
import NIOCore
import TestSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Bytes that are unlike each other wherever they are cut.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return [UInt8](unsafeUninitializedCapacity: count + 8) { target, initialized in
        let memory = UnsafeMutableRawBufferPointer(target)
        var offset = 0
        while offset < count {
            memory.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        initialized = count
    }
}

/// The SHA-256 in hexadecimal digits.
func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
    }.joined()
}

extension ByteBuffer {
    /// Whether these are the bytes of a range of others.
    func isEqual(to bytes: [UInt8], _ range: Range<Int>? = nil) -> Bool {
        self == ByteBuffer(bytes: bytes[range ?? bytes.indices])
    }
}

extension TemporaryDirectory {
    /// The names in a directory, hidden ones too, sorted.
    static func names(in path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}
