import CacheProtocol
import HTTPTypes
import Wire

/// What the header of an upload says, checked before anything is done.
struct UploadRequest: Hashable {
    /// The media type to keep; `nil` where the sender named none of its own.
    var contentType: String?
    /// What the whole stream must have.
    var digest: SHA256Value?
    /// The body's length, where it is known.
    var length: Int64?
    /// Where the body goes on with a stream that is there; `nil` for a new stream.
    var offset: Int64?
    /// Whether the sender waits to be told that the body is wanted (RFC 9110, 10.1.1).
    var expectsContinue: Bool

    /// The longest media type that is kept, in bytes: that of START.
    private static let maximumTypeLength = 128
    /// What curl says of any body where it is told nothing.
    private static let form = "application/x-www-form-urlencoded"

    /// Reads a header.
    ///
    /// - Parameter fields: The request's header.
    /// - Throws: ``ProblemDetails`` with status 400 or 415.
    init(_ fields: HTTPFields) throws(ProblemDetails) {
        if let coding = fields[.contentEncoding], coding.lowercased() != "identity" {
            throw ProblemDetails(
                .unsupportedMediaType,
                .unsupported,
                "Streams are kept as they are sent: send the bytes without Content-Encoding."
            )
        }
        self.length = fields[.contentLength].flatMap { Int64($0) }
        self.expectsContinue = fields[.expect]?.lowercased() == "100-continue"
        self.contentType = try Self.type(fields[.contentType])
        self.digest = try Self.digest(fields)
        if let value = fields[.contentRange] {
            let range = try Self.range(value, length: self.length)
            self.offset = range.lowerBound
            // Known of a chunked body as well: what ends before is broken off.
            self.length = Int64(range.count)
            guard fields[named: DigestField.content] == nil else {
                throw ProblemDetails(
                    .badRequest,
                    .badMessage,
                    "Content-Digest would be that of a part, which is not computed. Send Repr-Digest, that of the whole."
                )
            }
        }
    }

    private static func type(_ value: String?) throws(ProblemDetails) -> String? {
        guard let value, !value.isEmpty, !value.lowercased().hasPrefix(Self.form) else { return nil }
        guard value.utf8.count <= Self.maximumTypeLength, value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw ProblemDetails(.badRequest, .badMessage, "Content-Type is at most 128 bytes of printable ASCII.")
        }
        return value
    }

    private static func digest(_ fields: HTTPFields) throws(ProblemDetails) -> SHA256Value? {
        var digest: SHA256Value?
        for name in [DigestField.representation, DigestField.content] {
            switch DigestField.declaration(fields[named: name]) {
            case .nothing: continue
            case .malformed:
                throw ProblemDetails(.badRequest, .badMessage, "\(name) is to be sha-256=:base64: (RFC 9530).")
            case .sha256(let value):
                guard digest == nil || digest == value else {
                    throw ProblemDetails(.badRequest, .badMessage, "Repr-Digest and Content-Digest disagree.")
                }
                digest = value
            }
        }
        return digest
    }

    /// Only the end of a stream can be sent: it is sealed behind it.
    private static func range(_ value: String, length: Int64?) throws(ProblemDetails) -> ClosedRange<Int64> {
        guard let range = ContentRange(value) else {
            throw ProblemDetails(.badRequest, .range, "Content-Range is to be bytes FIRST-LAST/LENGTH.")
        }
        guard range.completeLength.map({ $0 - 1 == range.range.upperBound }) ?? true else {
            throw ProblemDetails(
                .badRequest,
                .range,
                "The body is to reach to the end of the stream: LAST is to be LENGTH - 1."
            )
        }
        if let length, length != range.range.upperBound - range.range.lowerBound + 1 {
            throw ProblemDetails(.badRequest, .range, "Content-Range and Content-Length disagree.")
        }
        return range.range
    }
}
