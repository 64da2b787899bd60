import CacheProtocol
import Crypto

/// For what a signature is good: one day, one region, one service.
struct SigningScope: Hashable, Sendable {
    /// When the request was signed.
    var time: CivilTime
    /// Where the store is, such as `eu-central-1`; stores of one's own often say `us-east-1`.
    var region: String
    /// What is asked.
    var service = "s3"

    /// The scope as signatures write it.
    var text: String { "\(self.time.date)/\(self.region)/\(self.service)/aws4_request" }
}

/// The signature of a request (AWS Signature Version 4).
struct RequestSignature: Hashable, Sendable {
    static let algorithm = "AWS4-HMAC-SHA256"

    /// What is signed.
    let stringToSign: String
    /// The signature, in hexadecimal digits.
    let signature: String
    /// The value of the header `Authorization`.
    let authorization: String

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - request: The request in canonical form.
    ///   - scope: For what the signature is good.
    ///   - credentials: Who signs.
    init(of request: CanonicalRequest, scope: SigningScope, credentials: S3Credentials) {
        let digest = Self.hexadecimal(SHA256.hash(data: Array(request.text.utf8)))
        self.stringToSign = [Self.algorithm, scope.time.basic, scope.text, digest].joined(separator: "\n")
        var key = SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))
        for step in [scope.time.date, scope.region, scope.service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(step.utf8), using: key))
        }
        self.signature = Self.hexadecimal(
            HMAC<SHA256>.authenticationCode(for: Array(self.stringToSign.utf8), using: key)
        )
        self.authorization =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope.text), "
            + "SignedHeaders=\(request.signedHeaders), Signature=\(self.signature)"
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        // A SHA-256, or an HMAC of one, has 32 bytes.
        SHA256Value(bytes: bytes)?.description ?? ""
    }
}
