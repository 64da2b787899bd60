import Crypto
public import NIOCore

/// Takes both digests of a byte sequence as it goes by.
public struct StreamHasher: Sendable {
    private var size: Int64 = 0
    private var md5 = Insecure.MD5()
    private var sha256 = SHA256()

    /// A hasher that has seen nothing.
    public init() {}

    /// Takes the next bytes.
    ///
    /// - Parameter bytes: The bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.size += Int64(bytes.count)
        self.md5.update(bufferPointer: bytes)
        self.sha256.update(bufferPointer: bytes)
    }

    /// Takes the next bytes.
    ///
    /// - Parameter bytes: The readable bytes of a buffer.
    public mutating func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { self.update($0) }
    }

    /// What came of the bytes so far.
    ///
    /// - Returns: Length and digests.
    public func finish() -> StreamDigests {
        StreamDigests(
            size: self.size,
            md5: Self.hexadecimal(self.md5.finalize()),
            sha256: Self.hexadecimal(self.sha256.finalize())
        )
    }

    /// Bytes as lower-case hexadecimal digits.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }
}
