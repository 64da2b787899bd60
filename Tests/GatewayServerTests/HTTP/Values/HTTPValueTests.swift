import CacheProtocol
import HTTPTypes
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Small values of HTTP")
struct HTTPValueTests {
    private static let digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    private static let hexadecimal = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("a digest is written as RFC 9530 says, and read back")
    func digests() throws {
        let value = try #require(SHA256Value(hexadecimal: Self.hexadecimal))
        #expect(DigestField.value(value) == Self.digest)
        #expect(DigestField.declaration(Self.digest) == .sha256(value))
        #expect(DigestField.declaration("sha-512=:AAAA:, " + Self.digest) == .sha256(value))
    }

    @Test("a digest of another kind can't be checked, and what is none is told")
    func otherDigests() {
        for value in [nil, "", "sha-512=:AAAA:", "unixsum=30637"] {
            #expect(DigestField.declaration(value) == .nothing, "\(value ?? "nil")")
        }
        for value in [
            "sha-256=:AAAA:", "sha-256=abc", "sha-256", "sha-256=\"x\"", "sha-256=:!!!:", "=", "sha-256=:47DEQpj8",
            "SHA-256=:AAAA:", "sha-256=(:AAAA:)",
        ] {
            #expect(DigestField.declaration(value) == .malformed, "\(value)")
        }
    }

    @Test("an id in a path is decoded once, and what comes of it has to be an id")
    func paths() throws {
        #expect(try StreamPath.id("call-1").rawValue == "call-1")
        #expect(try StreamPath.id("c%61ll%2D1").rawValue == "call-1")
        for segment in [
            "", ".", "..", "%2e", "%2e%2e", "%2E%2E", ".%2e", "%252e%252e", "a%2Fb", "a%5Cb", "a%00", "a%", "a%2",
            "a%zz",
            "%ff", "a%20b", "a+b", "%c0%ae", "%E2%84%AA", "a;b", "~", "a%0d%0aX:y", String(repeating: "a", count: 129),
        ] {
            #expect(throws: CacheError.self, "\(segment)") { try StreamPath.id(segment) }
        }
    }

    @Test("a listing takes the members of LIST, each once")
    func listing() throws {
        let query = try ListQuery([("prefix", "a"), ("state", "sealed"), ("limit", "7"), ("after", "b")])
        #expect(query.filter == StreamFilter(prefix: "a", state: .sealed))
        #expect(query.limit == 7 && query.after?.rawValue == "b")
        #expect(try ListQuery([]).limit == 100)
        for parameters in [
            [("limit", "0")], [("limit", "1001")], [("limit", "x")], [("limit", "")], [("state", "removed")],
            [("state", "")],
            [("after", "..")], [("cursor", "a")], [("limit", "1"), ("limit", "2")],
        ] {
            #expect(throws: CacheError.self, "\(parameters)") {
                try ListQuery(parameters.map { (name: $0.0, value: $0.1) })
            }
        }
    }

    @Test("the length of a body of parts is known before any of it is")
    func multipart() throws {
        try checkProperty { random in
            let parts = (0..<Int64.random(in: 2...5, using: &random)).map { index -> ClosedRange<Int64> in
                (index * 100)...(index * 100 + Int64.random(in: 0...99, using: &random))
            }
            let boundary = MultipartByteRanges.randomBoundary()
            // RFC 2046, 5.1.1
            try #require(boundary.utf8.count <= 70 && !boundary.isEmpty)
            let multipart = MultipartByteRanges(
                parts,
                contentType: "audio/mpeg",
                completeLength: "1000",
                boundary: boundary
            )
            var body = ""
            for part in multipart.parts { body += part.header + String(repeating: "x", count: part.range.count) }
            body += multipart.end
            try #require(Int64(body.utf8.count) == multipart.length)
            try #require(body.hasPrefix("--\(boundary)\r\nContent-Type: audio/mpeg\r\nContent-Range: bytes 0-"))
            try #require(body.hasSuffix("\r\n--\(boundary)--\r\n"))
        }
    }

    @Test("every code of the storage has a status, and what may succeed later says when to come back")
    func problems() throws {
        for (code, status) in [
            (.badStreamID, 400), (.range, 400), (.streamNotFound, 404), (.streamExists, 409), (.streamBusy, 409),
            (.aborted, 410),
            (.streamTooLarge, 413), (.digestMismatch, 422), (.io, 500), (.unsupported, 501), (.limit, 503),
            (.shuttingDown, 503), (.storageFull, 507),
        ] as [(CacheError.Code, Int)] {
            let problem = ProblemDetails(CacheError(code, "What \"happened\".", streamID: try StreamID("s")))
            #expect(problem.status.code == status && problem.code.rawValue == code.rawValue)
            #expect((problem.fields[.retryAfter] != nil) == (status == 503 || status == 507))
            let json = String(buffer: problem.body)
            #expect(json.contains(#""detail":"What \"happened\".","code":"\#(code)""#), "\(json)")
            #expect(json.contains(#""status":\#(status)"#) && json.contains(#""streamId":"s""#))
        }
    }

    @Test("a peer that takes nothing for the whole time is given up, and one that takes a byte is not")
    func writeProgress() {
        let start = NIODeadline.uptimeNanoseconds(1_000)
        var progress = WriteProgress(limit: .seconds(30), now: start)
        #expect(progress.look(at: start, taken: 0, pending: 0) == .fine(until: start + .seconds(30)))
        #expect(progress.look(at: start + .seconds(29), taken: 1, pending: 9) == .fine(until: start + .seconds(59)))
        #expect(progress.look(at: start + .seconds(58), taken: 1, pending: 9) == .fine(until: start + .seconds(59)))
        #expect(progress.look(at: start + .seconds(59), taken: 1, pending: 9) == .stalled)
        // Nothing waits: there is nothing to take.
        #expect(progress.look(at: start + .seconds(90), taken: 10, pending: 0) == .fine(until: start + .seconds(120)))
    }

    @Test("pages of listed origins may read the answers, and see their headers")
    func crossOrigin() throws {
        let policy = RequestPolicy(allowedOrigins: ["https://studio.example"], allowedHosts: ["a"])
        var request = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/streams")
        let admission = HTTPAdmission(policy: policy)
        #expect(admission.fields(for: request, isPreflight: false)[.accessControlAllowOrigin] == nil)
        request.headerFields[.origin] = "https://studio.example"
        try admission.admit(request)
        let fields = admission.fields(for: request, isPreflight: true)
        #expect(fields[.accessControlAllowOrigin] == "https://studio.example" && fields[.vary] == "Origin")
        #expect(fields[.accessControlExposeHeaders]?.contains("Repr-Digest") == true)
        #expect(fields[.accessControlAllowMethods]?.contains("DELETE") == true)
        for (host, origin) in [("a", "https://evil.example"), ("a", "null"), (nil, nil)] as [(String?, String?)] {
            request.authority = host
            request.headerFields[.origin] = origin
            #expect(throws: ProblemDetails.self) { try admission.admit(request) }
        }
        request.authority = "a"
        request.headerFields[.origin] = "http://a"
        try admission.admit(request)
        request.headerFields[named: "Host"] = "b"
        #expect(throws: ProblemDetails.self) { try admission.admit(request) }
    }
}
