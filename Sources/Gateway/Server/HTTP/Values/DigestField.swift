import CacheProtocol
import RawStructuredFieldValues

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `Repr-Digest` and `Content-Digest` (RFC 9530): the digest of a stream as HTTP writes it.
enum DigestField {
    /// The names of the two headers. For a stream that is sent whole and without any coding, they mean the same.
    static let representation = "Repr-Digest"
    static let content = "Content-Digest"

    /// The header's value.
    static func value(_ digest: SHA256Value) -> String { "sha-256=:\(Data(digest.bytes).base64EncodedString()):" }

    /// What a client declared.
    enum Declaration: Hashable {
        /// Nothing that could be checked: no header, or other algorithms only.
        case nothing
        case sha256(SHA256Value)
        /// No dictionary of byte sequences, or a SHA-256 that is none.
        case malformed
    }

    /// Reads a header's value.
    ///
    /// - Parameter value: The value; `nil` where there is no such header.
    static func declaration(_ value: String?) -> Declaration {
        guard let value else { return .nothing }
        var parser = StructuredFieldValueParser(Array(value.utf8))
        guard let members = try? parser.parseDictionaryFieldValue() else { return .malformed }
        guard let member = members["sha-256"] else { return .nothing }
        guard case .item(let item) = member, case .undecodedByteSequence(let base64) = item.rfc9651BareItem,
            let bytes = Data(base64Encoded: base64), let digest = SHA256Value(bytes: bytes)
        else { return .malformed }
        return .sha256(digest)
    }
}
