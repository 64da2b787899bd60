/// What proves that two byte sequences are the same: their length and two digests.
public struct StreamDigests: Hashable, Sendable {
    /// How many bytes.
    public var size: Int64
    /// MD5 (RFC 1321), 32 lower-case hexadecimal digits. Against accidents only, and because the original system has it.
    public var md5: String
    /// SHA-256 (FIPS 180-4), 64 lower-case hexadecimal digits.
    public var sha256: String

    /// Makes a record.
    ///
    /// - Parameters:
    ///   - size: How many bytes.
    ///   - md5: MD5 in lower-case hexadecimal digits.
    ///   - sha256: SHA-256 in lower-case hexadecimal digits.
    public init(size: Int64, md5: String, sha256: String) {
        self.size = size
        self.md5 = md5
        self.sha256 = sha256
    }
}
