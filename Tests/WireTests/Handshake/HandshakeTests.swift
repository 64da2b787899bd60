import NIOHTTP1
import Testing
import Wire

@Suite("The opening handshake")
struct HandshakeTests {
    static let legal: [(String, String)] = [
        ("Host", "localhost:8080"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]

    struct Request: Sendable, CustomTestStringConvertible {
        var name: String
        var method = HTTPMethod.GET
        var version = HTTPVersion.http1_1
        var fields: [(String, String)]
        /// The status that refuses it; `nil` where it is accepted.
        var status: UInt?
        var testDescription: String { self.name }

        var head: HTTPRequestHead {
            HTTPRequestHead(
                version: self.version,
                method: self.method,
                uri: "/audio",
                headers: HTTPHeaders(self.fields)
            )
        }

        init(
            _ name: String,
            _ status: UInt?,
            method: HTTPMethod = .GET,
            version: HTTPVersion = .http1_1,
            with changes: [(String, [String])] = []
        ) {
            self.name = name
            self.status = status
            self.method = method
            self.version = version
            self.fields = HandshakeTests.legal
            for (field, values) in changes {
                self.fields.removeAll { $0.0 == field }
                self.fields += values.map { (field, $0) }
            }
        }
    }

    private static var requests: [Request] {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        return [
            Request("the plainest request", nil),
            Request("an all-zero key", nil, with: [("Sec-WebSocket-Key", ["AAAAAAAAAAAAAAAAAAAAAA=="])]),
            Request("keep-alive, Upgrade, as browsers send it", nil, with: [("Connection", ["keep-alive, Upgrade"])]),
            Request("Connection in two fields", nil, with: [("Connection", ["keep-alive", "UPGRADE"])]),
            Request("Connection with empty elements and no spaces", nil, with: [("Connection", [",,upgrade,close"])]),
            Request("Upgrade in other letters", nil, with: [("Upgrade", ["WebSocket"])]),
            Request("Upgrade among others", nil, with: [("Upgrade", ["h2c, websocket"])]),
            Request(
                "extensions and protocols offered",
                nil,
                with: [
                    (
                        "Sec-WebSocket-Extensions",
                        ["permessage-deflate; client_max_window_bits", "x-webkit-deflate-frame"]
                    ),
                    ("Sec-WebSocket-Protocol", ["chat, superchat"]),
                ]
            ),
            Request("a body of no bytes", nil, with: [("Content-Length", ["0"])]),
            Request("POST", 405, method: .POST),
            Request("HEAD", 405, method: .HEAD),
            Request("get in small letters", 405, method: .RAW(value: "get")),
            Request("HTTP/1.0", 400, version: .http1_0),
            Request("HTTP/2", 400, version: .http2),
            Request("HTTP/0.9", 400, version: .init(major: 0, minor: 9)),
            Request("no Host", 400, with: [("Host", [])]),
            Request("two Hosts", 400, with: [("Host", ["a", "b"])]),
            Request("no Upgrade", 426, with: [("Upgrade", [])]),
            Request("Upgrade to something else", 426, with: [("Upgrade", ["h2c"])]),
            Request("Upgrade with a version", 426, with: [("Upgrade", ["websocket/13"])]),
            Request("Upgrade that begins with it", 426, with: [("Upgrade", ["websockets"])]),
            Request("Upgrade with the Kelvin sign for its K", 426, with: [("Upgrade", ["websoc\u{212A}et"])]),
            Request("no Connection", 426, with: [("Connection", [])]),
            Request("Connection that says keep-alive", 426, with: [("Connection", ["keep-alive"])]),
            Request("Connection that only contains the word", 426, with: [("Connection", ["no-upgrade", "upgrades"])]),
            Request("no version", 426, with: [("Sec-WebSocket-Version", [])]),
            Request("version 8", 426, with: [("Sec-WebSocket-Version", ["8"])]),
            Request("version 13 twice", 426, with: [("Sec-WebSocket-Version", ["13", "13"])]),
            Request("versions 8 and 13", 426, with: [("Sec-WebSocket-Version", ["8, 13"])]),
            Request("version 013", 426, with: [("Sec-WebSocket-Version", ["013"])]),
            Request("version ١٣", 426, with: [("Sec-WebSocket-Version", ["١٣"])]),
            Request("no key", 400, with: [("Sec-WebSocket-Key", [])]),
            Request("two keys", 400, with: [("Sec-WebSocket-Key", [key, key])]),
            Request("two keys in one field", 400, with: [("Sec-WebSocket-Key", ["\(key), \(key)"])]),
            Request("an empty key", 400, with: [("Sec-WebSocket-Key", [""])]),
            Request("a key of 15 bytes", 400, with: [("Sec-WebSocket-Key", ["AAAAAAAAAAAAAAAAAAAA"])]),
            Request("a key of 17 bytes", 400, with: [("Sec-WebSocket-Key", ["AAAAAAAAAAAAAAAAAAAAAAA="])]),
            Request("a key without its padding", 400, with: [("Sec-WebSocket-Key", ["AAAAAAAAAAAAAAAAAAAAAA"])]),
            Request("a key that is not base64", 400, with: [("Sec-WebSocket-Key", ["not base64, not at all!!"])]),
            Request("a key in the alphabet of URLs", 400, with: [("Sec-WebSocket-Key", ["____________________-A=="])]),
            Request("a key with a line break", 400, with: [("Sec-WebSocket-Key", ["dGhlIHNhbXBs\r\nZSBub25jZQ=="])]),
            Request("a key of 1 MB", 400, with: [("Sec-WebSocket-Key", [String(repeating: "A", count: 1 << 20)])]),
            Request("a body announced", 413, with: [("Content-Length", ["1"])]),
            Request("a body of 100 MB announced", 413, with: [("Content-Length", ["104857600"])]),
            Request("a body of two lengths", 413, with: [("Content-Length", ["0", "5"])]),
            Request("a body in chunks", 413, with: [("Transfer-Encoding", ["chunked"])]),
            Request("a body both ways", 413, with: [("Transfer-Encoding", ["chunked"]), ("Content-Length", ["0"])]),
        ]
    }

    @Test(
        "a request is upgraded where RFC 6455, 4.2.1, says so, and refused with the right status",
        arguments: requests
    )
    func decision(_ request: Request) {
        switch Handshake.decide(request.head) {
        case .accept: #expect(request.status == nil)
        case .refuse(let status, let reason, _):
            #expect(status.code == request.status, "\(reason)")
            #expect(!reason.isEmpty)
        }
    }

    @Test("the key of RFC 6455's sample is answered as it is there")
    func sample() {
        #expect(Handshake.accept(forKey: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let accepted = Handshake.decide(Request("sample", nil).head)
        let fields = [
            Handshake.Field("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            Handshake.Field("Server", ServerIdentity.headerValue),
        ]
        #expect(accepted == .accept(fields), "nothing else is in the answer: no extension, no protocol")
    }

    @Test("a refusal says what would do")
    func refusals() {
        #expect(Self.refusal(Request("", nil, method: .POST)) == [.init("Allow", "GET")])
        #expect(
            Self.refusal(Request("", nil, with: [("Upgrade", [])]))
                == [.init("Upgrade", "websocket"), .init("Connection", "Upgrade")]
        )
        #expect(
            Self.refusal(Request("", nil, with: [("Sec-WebSocket-Version", ["8"])]))
                == [.init("Sec-WebSocket-Version", "13")]
        )
    }

    private static func refusal(_ request: Request) -> [Handshake.Field]? {
        if case .refuse(_, _, let fields) = Handshake.decide(request.head) { fields } else { nil }
    }

    @Test("nothing of a request comes back in an answer, and no field can be broken out of")
    func injections() {
        let poison = [
            "\r\nX-Evil: 1", "\0", "\n", "évil", "x\r\n\r\n<script>", String(repeating: "evil", count: 1_000),
        ]
        for seed in 1...2_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var request = Request("", nil)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: request.fields.indices, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: request.fields[place].1 += random.pick(poison)
                case 1: request.fields[place].1 = random.pick(poison)
                case 2: request.fields.append(request.fields[place])
                case 3:
                    request.fields.append((random.pick(["Content-Length", "X", "Host"]), random.pick(poison + ["0"])))
                default: request.fields[place].1 = random.text(upTo: 20)
                }
            }
            var fields: [Handshake.Field]
            var texts: [String] = []
            switch Handshake.decide(request.head) {
            case .accept(let accepted):
                fields = accepted
                #expect(self.isLegal(request.head.headers), "seed \(seed): \(request.fields)")
            case .refuse(_, let reason, let refused):
                fields = refused
                texts.append(reason)
            }
            texts += fields.flatMap { [$0.name, $0.value] }
            for text in texts {
                #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "seed \(seed): \(text)")
                #expect(!text.lowercased().contains("evil"), "seed \(seed): \(text)")
            }
        }
    }

    /// RFC 6455, 4.2.1, once more, as far as the poison of the test goes.
    private func isLegal(_ headers: HTTPHeaders) -> Bool {
        func has(_ name: String, _ token: String) -> Bool {
            headers[name].contains { $0.split(separator: ",").contains { $0.lowercased() == token } }
        }
        return headers["Host"].count == 1 && has("Upgrade", "websocket") && has("Connection", "upgrade")
            && headers["Sec-WebSocket-Version"] == ["13"] && headers["Sec-WebSocket-Key"].map(\.utf8.count) == [24]
            && headers["Content-Length"].allSatisfy { $0 == "0" }
    }

    @Test("our servers are known by their Server field, and only they")
    func identity() {
        #expect(ServerIdentity.isOurs(ServerIdentity.headerValue))
        #expect(ServerIdentity.isOurs("audio-stream-cache/99.0"))
        for other in [nil, "", "audio-stream-cache", "audio-stream-cacher/1", "nginx/1.25", "x audio-stream-cache/1"] {
            #expect(!ServerIdentity.isOurs(other), "\(other ?? "none")")
        }
    }
}
