import CacheProtocol
import NIOCore
import TestSupport
import Testing

@testable import S3Backend

@Suite("What requests are decided by")
struct StoreValueTests {
    @Test("calendar times are read as they are written, over centuries")
    func civilTimes() throws {
        try checkProperty { random in
            let seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
            let time = CivilTime(Timestamp(millisecondsSinceEpoch: seconds * 1_000))
            try #require(time.timestamp.millisecondsSinceEpoch == seconds * 1_000)
        }
        #expect(CivilTime(Timestamp(millisecondsSinceEpoch: 951_782_400_000)).basic == "20000229T000000Z")
        #expect(CivilTime(httpDate: "Wed, 25 Nov 2026 21:14:35 GMT")?.basic == "20261125T211435Z")
        #expect(CivilTime(rfc3339: "2026-11-25T21:14:36.000Z")?.basic == "20261125T211436Z")
        for text in [
            "", "Wed, 25 Nov 2026 21:14 GMT", "Wed, 99 Nov 2026 21:14:35 GMT", "Wed, 25 Now 2026 21:14:35 GMT",
        ] {
            #expect(CivilTime(httpDate: text) == nil)
            #expect(CivilTime(rfc3339: text) == nil)
        }
    }

    @Test(
        "an endpoint is an address, and the bucket stands in the path or in front of the host",
        arguments: [
            ("http://127.0.0.1:9000", true, "http://127.0.0.1:9000/b/p/x%20y"),
            ("https://s3.example.org", false, "https://b.s3.example.org/p/x%20y"),
            ("https://s3.example.org:443/", true, "https://s3.example.org/b/p/x%20y"),
            ("http://[::1]:9000", true, "http://[::1]:9000/b/p/x%20y"),
        ]
    )
    func endpoints(_ url: String, _ usesPathStyle: Bool, _ expected: String) throws {
        let endpoint = try #require(
            S3Endpoint(url: url, bucket: "b", region: "r", usesPathStyle: usesPathStyle)
        )
        #expect(endpoint.url(S3Request(method: .get, key: "p/x y")) == expected)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", "host", "ftp://host", "http://", "http://h:0", "http://h:x", "http://a b"]
    )
    func badEndpoints(_ url: String) {
        #expect(S3Endpoint(url: url, bucket: "b", region: "r", usesPathStyle: true) == nil)
    }

    private static func failure(_ status: Int, _ code: String = "", retryAfter: Int64? = nil) -> S3Failure {
        S3Failure(status: status, code: code, message: "", request: "GET x", retryAfterSeconds: retryAfter)
    }

    @Test("what may be done another time is tried again, what may not is not, by the store's own code")
    func retries() {
        let policy = RetryPolicy()
        let again = [
            Self.failure(0), Self.failure(500), Self.failure(502), Self.failure(503, "SlowDown"), Self.failure(504),
            Self.failure(408), Self.failure(429), Self.failure(400, "RequestTimeout"), Self.failure(400, "BadDigest"),
            Self.failure(409, "OperationAborted"), Self.failure(409, "ConditionalRequestConflict"),
        ]
        for failure in again {
            #expect(policy.decide(after: failure, attempt: 1, random: 1) != .giveUp, "\(failure)")
            #expect(policy.decide(after: failure, attempt: policy.maximumAttempts, random: 1) == .giveUp)
        }
        let never = [
            Self.failure(400, "InvalidArgument"), Self.failure(403, "AccessDenied"),
            Self.failure(403, "InvalidAccessKeyId"),
            Self.failure(403, "SignatureDoesNotMatch"), Self.failure(404, "NoSuchBucket"),
            Self.failure(404, "NoSuchKey"),
            Self.failure(412, "PreconditionFailed"), Self.failure(501, "NotImplemented"), Self.failure(507),
            Self.failure(403, "QuotaExceeded"), Self.failure(400, "EntityTooLarge"),
        ]
        for failure in never { #expect(policy.decide(after: failure, attempt: 1, random: 1) == .giveUp, "\(failure)") }
    }

    @Test("waits double up to a cap, are spread by chance, and heed the store")
    func backoff() {
        let policy = RetryPolicy(maximumAttempts: 100, baseMilliseconds: 100, capMilliseconds: 5_000)
        let waits = (1...8).map { policy.decide(after: Self.failure(503), attempt: $0, random: 1) }
        #expect(waits == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .again(afterMilliseconds: $0) })
        #expect(policy.decide(after: Self.failure(503), attempt: 99, random: 0.5) == .again(afterMilliseconds: 2_500))
        #expect(policy.decide(after: Self.failure(503), attempt: 1, random: 0) == .again(afterMilliseconds: 0))
        let asked = Self.failure(503, retryAfter: 7)
        #expect(policy.decide(after: asked, attempt: 1, random: 1) == .again(afterMilliseconds: 7_000))
        let long = Self.failure(503, retryAfter: 86_400)
        #expect(policy.decide(after: long, attempt: 1, random: 1) == .again(afterMilliseconds: 30_000))
    }

    @Test("facts come back from the headers that they became")
    func facts() throws {
        try checkProperty(runs: 200) { random in
            let id = try StreamID("a")
            let created = Timestamp(millisecondsSinceEpoch: Int64.random(in: 0...4_000_000_000_000, using: &random))
            var info = StreamInfo(
                id: id,
                state: .sealed,
                size: Int64.random(in: 0...1 << 40, using: &random),
                createdAt: created
            )
            info.sealedAt = created.advanced(bySeconds: 5)
            info.sha256 = SHA256Value(bytes: random.bytes(32))
            info.contentType = Bool.random(using: &random) ? "audio/ogg; codecs=\"opus\"" : nil
            info.timeToLiveSeconds = Bool.random(using: &random) ? 86_400 : nil
            for number in 0..<Int.random(in: 0...4, using: &random) {
                info.metadata["k\(number)"] = String(repeating: "ä\n\"", count: Int.random(in: 0...40, using: &random))
            }
            info.durability = .tier
            let facts = ObjectFacts(info, writing: "w")
            var headers: [String: String] = ["content-length": "\(info.size)"]
            for header in facts.headers(labelsKey: "labels/a") {
                try #require(header.value.utf8.allSatisfy { (0x20...0x7E).contains($0) })
                try #require(header.value.utf8.count <= 240 || header.name == "content-type")
                headers[header.name] = header.value
            }
            let answer = S3Answer(status: 200, headers: headers, body: ByteBuffer())
            var read = ObjectFacts(answer, id: id)
            try #require((ObjectFacts.labelsKey(answer) != nil) == facts.hasLongLabels)
            if facts.hasLongLabels { read.takeLabels(facts.labels) }
            try #require(read == facts)
        }
    }

    @Test("an object that something else put there is a sealed stream")
    func foreignObject() throws {
        let headers = [
            "content-length": "7", "content-type": "audio/mpeg", "last-modified": "Wed, 25 Nov 2026 21:14:35 GMT",
        ]
        let info = ObjectFacts(S3Answer(status: 200, headers: headers, body: ByteBuffer()), id: try StreamID("a")).info
        #expect(info.state == .sealed && info.size == 7 && info.contentType == "audio/mpeg" && info.sha256 == nil)
        #expect(info.sealedAt == info.createdAt && info.createdAt.millisecondsSinceEpoch > 0)
    }

    @Test("answers are read whatever a store puts around them, and what is no document is none")
    func xml() {
        let text =
            "  \n<?xml version=\"1.0\"?><a:Error xmlns:a=\"x\"><Code> SlowDown\n</Code><Message>&lt;b&gt;</Message></a:Error>"
        let root = XMLElement.parse(Array(text.utf8))
        #expect(root?.name == "Error" && root?.text("Code") == "SlowDown" && root?.text("Message") == "<b>")
        let deep = String(repeating: "<a>", count: 1_000) + String(repeating: "</a>", count: 1_000)
        let entity = "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>"
        for text in ["", "{}", "<a>", "<a></b>", deep] {
            #expect(XMLElement.parse(Array(text.utf8)) == nil, "\(text.prefix(20))")
        }
        #expect(XMLElement.parse(Array(entity.utf8))?.text.contains("root") != true)
    }
}
