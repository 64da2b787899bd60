import Crypto
public import NIOCore
import NIOHTTP1

/// A request as the store got it.
public struct StoreRequest: Sendable {
    /// The method.
    public let method: String
    /// The object's key; empty for the bucket.
    public let key: String
    /// The bucket.
    public let bucket: String
    /// The query's names and values, decoded.
    public let query: [String: String]
    /// The headers, with names in lower case.
    public let headers: [String: String]
    /// The body.
    public let body: ByteBuffer
    /// Path and query as they came.
    let path: String
    let rawQuery: String

    /// What is asked, in a line: `PUT streams/a`, `POST streams/a?uploads`.
    public var line: String {
        let mark = ["uploads", "partNumber", "uploadId", "list-type"].first { self.query[$0] != nil }
        return "\(self.method) \(self.key)\(mark.map { "?\($0)" } ?? "")"
    }

    init(_ head: HTTPRequestHead, body: ByteBuffer) {
        self.method = head.method.rawValue
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.path = String(parts.first ?? "")
        self.rawQuery = parts.count > 1 ? String(parts[1]) : ""
        let names = Self.decoded(self.path).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
        self.bucket = String(names.first ?? "")
        self.key = names.count > 1 ? String(names[1]) : ""
        var query: [String: String] = [:]
        for pair in self.rawQuery.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[Self.decoded(String(sides[0]))] = sides.count > 1 ? Self.decoded(String(sides[1])) : ""
        }
        self.query = query
        var headers: [String: String] = [:]
        for header in head.headers { headers[header.name.lowercased()] = header.value }
        self.headers = headers
        self.body = body
    }

    static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What is wrong with the signature: an error's code, or `nil` where it is right.
    func signatureFault(storeTime: String) -> String? {
        guard let authorization = self.headers["authorization"],
            authorization.utf8.starts(with: "AWS4-HMAC-SHA256 ".utf8)
        else { return "AccessDenied" }
        var fields: [String: String] = [:]
        for field in authorization.dropFirst("AWS4-HMAC-SHA256 ".count).split(separator: ",") {
            let sides = field.split(separator: "=", maxSplits: 1)
            guard sides.count == 2 else { return "AuthorizationHeaderMalformed" }
            fields[sides[0].filter { $0 != " " }] = String(sides[1])
        }
        let scope = (fields["Credential"] ?? "").split(separator: "/").map(String.init)
        guard scope.count == 5, let date = self.headers["x-amz-date"], date.hasPrefix(scope[1]) else {
            return "AuthorizationHeaderMalformed"
        }
        guard scope[0] == ObjectStoreDouble.accessKeyID else { return "InvalidAccessKeyId" }
        guard abs(Self.minutes(date) - Self.minutes(storeTime)) <= 15 else { return "RequestTimeTooSkewed" }
        let names = (fields["SignedHeaders"] ?? "").split(separator: ";").map(String.init)
        let unsigned = self.headers.keys.filter { ($0.hasPrefix("x-amz-") || $0 == "host") && !names.contains($0) }
        guard unsigned.isEmpty, let payload = self.headers["x-amz-content-sha256"] else { return "AccessDenied" }
        guard payload == Self.digest(Array(self.body.readableBytesView)) else { return "XAmzContentSHA256Mismatch" }
        let query = self.rawQuery.split(separator: "&").map(String.init).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        let canonical =
            "\(self.method)\n\(self.path)\n\(query.joined(separator: "&"))\n"
            + names.map { "\($0):\(self.headers[$0] ?? "")\n" }.joined()
            + "\n\(names.joined(separator: ";"))\n\(payload)"
        let text =
            "AWS4-HMAC-SHA256\n\(date)\n\(scope[1...].joined(separator: "/"))\n" + Self.digest(Array(canonical.utf8))
        var key = Array("AWS4\(ObjectStoreDouble.secretAccessKey)".utf8)
        for step in scope[1...] { key = Self.code(step, key) }
        let expected = Self.hexadecimal(Self.code(text, key))
        return fields["Signature"] == expected ? nil : "SignatureDoesNotMatch"
    }

    /// `20261125T211436Z`, as minutes of something that is good enough to compare near times.
    private static func minutes(_ time: String) -> Int {
        let digits = time.filter(\.isNumber).compactMap(\.wholeNumberValue)
        guard digits.count == 14 else { return .min / 2 }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        let days = (number(0..<4) * 12 + number(4..<6)) * 31 + number(6..<8)
        return (days * 24 + number(8..<10)) * 60 + number(10..<12)
    }

    private static func code(_ text: String, _ key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    static func digest(_ bytes: [UInt8]) -> String { Self.hexadecimal(Array(SHA256.hash(data: bytes))) }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }
}

/// What the store answers.
struct StoreAnswer: Sendable {
    var status: Int
    var headers: [(String, String)] = []
    var body = ByteBuffer()

    static func xml(_ text: String) -> StoreAnswer {
        StoreAnswer(
            status: 200,
            headers: [("content-type", "application/xml")],
            body: ByteBuffer(string: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(text)")
        )
    }

    static func error(_ status: Int, _ code: String, _ message: String) -> StoreAnswer {
        var answer = Self.xml("<Error><Code>\(code)</Code><Message>\(message)</Message></Error>")
        answer.status = status
        return answer
    }
}
