import NIOHTTP1
import Testing
import Wire

@testable import GatewayServer

@Suite("Who may open a WebSocket")
struct UpgradePolicyTests {
    private func policy(origins: [String] = [], hosts: [String] = []) -> UpgradePolicy {
        UpgradePolicy(
            path: "/audio",
            requests: RequestPolicy(allowedOrigins: origins, allowedHosts: hosts)
        )
    }

    /// The status of the refusal, or 101.
    private func status(
        _ policy: UpgradePolicy,
        host: [String] = ["localhost:8080"],
        origin: [String] = [],
        connections: Int = 0
    ) -> UInt {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/audio")
        for value in host { head.headers.add(name: "Host", value: value) }
        for value in origin { head.headers.add(name: "Origin", value: value) }
        head.headers.add(name: "Upgrade", value: "websocket")
        head.headers.add(name: "Connection", value: "Upgrade")
        head.headers.add(name: "Sec-WebSocket-Version", value: "13")
        head.headers.add(name: "Sec-WebSocket-Key", value: "AAAAAAAAAAAAAAAAAAAAAA==")
        switch policy.decide(head, connections: connections, limit: 10) {
        case .accept: return 101
        case .refuse(let refusal):
            #expect(!refusal.reason.contains("evil"), "a reason that repeats what the peer sent")
            return refusal.status.code
        }
    }

    @Test("programs, which send no Origin, may connect, and so may pages of the same host")
    func sameOrigin() {
        #expect(self.status(self.policy()) == 101)
        for origin in ["http://localhost:8080", "https://localhost:8080", "HTTP://LOCALHOST:8080"] {
            #expect(self.status(self.policy(), origin: [origin]) == 101, "\(origin)")
        }
        #expect(self.status(self.policy(), host: ["[::1]:8080"], origin: ["http://[::1]:8080"]) == 101)
    }

    @Test(
        "pages of any other site may not connect",
        arguments: [
            "null", "", " ", "*", "file://", "http://evil.example", "https://evil.example:8080",
            "http://localhost.evil.example:8080", "http://evil-localhost:8080", "http://localhost:8080.evil.example",
            "http://localhost:80801", "http://localhost:808", "http://localhost", "http://localhost:8081",
            "http://localhost:8080/", "http://localhost:8080/evil", "http://evil.example/localhost:8080",
            "http://evil.example#localhost:8080", "http://evil.example?http://localhost:8080",
            "http://localhost:8080@evil.example", "http://evil@localhost:8080", "ws://localhost:8080",
            "ftp://localhost:8080", "localhost:8080", "//localhost:8080", "http:localhost:8080",
            "http://localhost:8080 http://evil.example", "http://evil.example http://localhost:8080",
            "http://localhost:8080,http://evil.example", "http://localhost.:8080", "http://127.0.0.1:8080",
        ]
    )
    func otherOrigins(origin: String) {
        #expect(self.status(self.policy(), origin: [origin]) == 403)
        #expect(self.status(self.policy(origins: ["https://studio.example"]), origin: [origin]) == 403)
    }

    @Test("two Origins are none that can be trusted")
    func twoOrigins() {
        let origins = ["http://localhost:8080", "http://localhost:8080"]
        #expect(self.status(self.policy(), origin: origins) == 403)
        #expect(self.status(self.policy(), origin: ["http://localhost:8080", "http://evil.example"]) == 403)
    }

    @Test("origins on the list may connect, and only they, to the letter but for case")
    func listedOrigins() {
        let policy = self.policy(origins: ["https://studio.example", "http://127.0.0.1:3000"])
        for origin in ["https://studio.example", "HTTPS://Studio.Example", "http://127.0.0.1:3000"] {
            #expect(self.status(policy, origin: [origin]) == 101, "\(origin)")
        }
        for origin in [
            "http://studio.example", "https://studio.example:443", "https://studio.example.evil.example",
            "https://evilstudio.example", "https://studio.examp", "https://sub.studio.example",
            "https://studio.example/", "http://127.0.0.1:30000", "http://127.0.0.1",
        ] {
            #expect(self.status(policy, origin: [origin]) == 403, "\(origin)")
        }
        #expect(self.status(self.policy(origins: ["null"]), origin: ["null"]) == 101)
    }

    @Test("a name that leads here by DNS rebinding is refused where the names are listed, whatever the Origin says")
    func rebinding() {
        let policy = self.policy(hosts: ["gateway.example", "127.0.0.1", "[::1]"])
        for host in [
            "gateway.example", "GATEWAY.example:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]", "[::1]:8080",
        ] {
            #expect(self.status(policy, host: [host]) == 101, "\(host)")
            #expect(self.status(policy, host: [host], origin: ["http://\(host)"]) == 101, "\(host)")
        }
        for host in [
            "evil.example", "evil.example:8080", "gateway.example.evil.example", "evilgateway.example",
            "gateway.exampl",
            "gateway.example.", "localhost", "::1", "[::1", "[::2]:8080", "127.0.0.10", "", ":8080",
            "gateway.example:80@evil.example", "gateway.example:evil", "[::1]evil", "[::1]:80.evil.example",
        ] {
            #expect(self.status(policy, host: [host]) == 403, "\(host)")
            // A rebound page is of the same origin as the name that it was loaded from.
            #expect(self.status(policy, host: [host], origin: ["http://\(host)"]) == 403, "\(host)")
        }
    }

    @Test("without a list, the gateway answers to addresses, to localhost and to its own name, which can't be rebound")
    func defaultHosts() {
        var policy = self.policy()
        policy.requests.ownName = "Recorder.example"
        for host in [
            "localhost", "LOCALHOST:8080", "127.0.0.1:1", "10.1.2.3", "[::1]:8080", "[fe80::1]", "recorder.example:9",
        ] {
            #expect(self.status(policy, host: [host]) == 101, "\(host)")
        }
        for host in [
            "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.256",
            "127.0.0", "127.0.0.1.", "1.2.3.+4", "", ":80", "[evil.example]", "x.recorder.example", "recorder.example.",
        ] {
            #expect(self.status(policy, host: [host]) == 403, "\(host)")
        }
        // A page that was rebound has no token.
        policy.requests.access = .tokens([])
        #expect(self.status(policy, host: ["any.example:8080"]) == 401)
    }

    @Test("who has no token does not learn how busy the gateway is, nor whether the rest of the request is right")
    func unauthenticated() {
        var policy = self.policy()
        policy.requests.access = .tokens([])
        #expect(self.status(policy, connections: 10) == 401)
        #expect(self.status(policy, origin: ["http://evil.example"]) == 403)
    }

    @Test("exactly one Host is needed")
    func hosts() {
        #expect(self.status(self.policy(), host: []) == 403)
        #expect(self.status(self.policy(), host: ["localhost:8080", "localhost:8080"]) == 403)
        #expect(self.status(self.policy(hosts: ["a"]), host: ["a", "evil.example"]) == 403)
    }

    @Test("beyond the limit of connections a peer is told to come back")
    func limit() throws {
        #expect(self.status(self.policy(), connections: 9) == 101)
        #expect(self.status(self.policy(), connections: 10) == 503)
        #expect(self.status(self.policy(), connections: 11) == 503)
        // Who may not come in at all does not learn how busy it is.
        #expect(self.status(self.policy(), origin: ["http://evil.example"], connections: 10) == 403)
    }

    @Test("only the path itself is the path, with a query or without")
    func path() {
        let policy = self.policy()
        for target in ["/audio", "/audio?", "/audio?token=x", "/audio?/../evil"] {
            #expect(policy.isWebSocketPath(target), "\(target)")
        }
        for target in [
            "/", "", "audio", "/audio/", "/Audio", "/audio2", "//audio", "/audio/../audio", "/%61udio", "/x?/audio",
            "http://localhost/audio", "*",
        ] {
            #expect(!policy.isWebSocketPath(target), "\(target)")
        }
    }
}
