import CacheProtocol
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Tokens, over sockets", .timeLimit(.minutes(5)))
struct AuthorizationTests {
    private static let tokens = """
        admin admin admin-token-of-the-test
        reader read reader-token-of-the-test
        writer write writer-token-of-the-test
        monitor monitor monitor-token-of-the-test
        """

    private func policy(_ text: String = Self.tokens) throws -> AccessPolicy {
        .tokens(try TokenList.parse(text, source: "test"))
    }

    private func run(_ body: @Sendable (TestGateway) async throws -> Void) async throws {
        let policy = try self.policy()
        try await TestGateway.run {
            $0.gateway.access = policy
        } _: {
            try await body($0)
        }
    }

    private static func bearer(_ name: String) -> [(String, String)] {
        [("Authorization", "Bearer \(name)-token-of-the-test")]
    }

    private static func peer(_ gateway: TestGateway, _ name: String) async throws -> RawPeer {
        let peer = try await gateway.connect()
        try await peer.upgrade(Self.bearer(name))
        return peer
    }

    @Test("no token, a wrong one and one in the URL are refused before the upgrade, and nothing of them is repeated")
    func refused() async throws {
        try await self.run { gateway in
            let attempts: [(path: String, fields: [(String, String)])] = [
                ("/audio", []), ("/audio?token=admin-token-of-the-test", []),
                ("/audio?access_token=admin-token-of-the-test", []),
                ("/audio", [("Authorization", "Bearer wrong-token-of-the-test")]),
                ("/audio", [("Authorization", "Basic admin-token-of-the-test")]),
                ("/audio", [("Authorization", "admin-token-of-the-test")]),
                ("/audio", [("Cookie", "token=admin-token-of-the-test")]),
                ("/audio", [("Sec-WebSocket-Protocol", "audiocache, bearer.wrong-token-of-the-test")]),
                ("/audio", [("Sec-WebSocket-Protocol", "admin-token-of-the-test")]),
                ("/audio", [("Sec-WebSocket-Key", ""), ("Upgrade", "")]),
                ("/streams", [("Upgrade", ""), ("Connection", "")]),
                ("/nothing", [("Upgrade", ""), ("Connection", "")]),
            ]
            for (path, fields) in attempts {
                let peer = try await gateway.connect()
                peer.send(RawPeer.upgradeRequest(path: path, fields))
                let (head, body) = try await peer.response()
                #expect(head.status == 401, "\(path) \(fields)")
                #expect(head["www-authenticate"]?.hasPrefix("Bearer realm=") == true)
                #expect(!body.contains("of-the-test") && !"\(head)".contains("of-the-test"))
            }
            let peer = try await Self.peer(gateway, "admin")
            try await peer.settle()
            #expect(gateway.files == [".lock"])
        }
    }

    @Test("a browser shows its token as a subprotocol, and is answered with the other one")
    func browser() async throws {
        try await self.run { gateway in
            let peer = try await gateway.connect()
            let head = try await peer.upgrade([
                ("Sec-WebSocket-Protocol", "audiocache, bearer.reader-token-of-the-test")
            ])
            #expect(head["sec-websocket-protocol"] == "audiocache")
            try await peer.settle()
        }
    }

    @Test("each may do what its token says, is told what it lacks, and stays connected")
    func rights() async throws {
        try await self.run { gateway in
            let admin = try await Self.peer(gateway, "admin")
            try await admin.start("stream")
            admin.upload([1, 2, 3])
            try await admin.stop("stream")
            let reader = try await Self.peer(gateway, "reader")
            #expect(try await reader.read("stream", 0, 10).isEqual(to: [1, 2, 3]))
            for message in [
                #"{"type":"START","streamId":"x"}"#, #"{"type":"START","streamId":"stream","overwrite":true}"#,
                #"{"type":"STOP"}"#, #"{"type":"ABORT"}"#, #"{"type":"LIST"}"#,
                #"{"type":"DELETE","streamId":"stream","requestId":7}"#,
            ] {
                reader.say(message)
                let answer = try await reader.expectError(.unauthorized)
                #expect(answer.message.contains("reader"), "\(answer)")
            }
            reader.upload([9])
            try await reader.expectError(.noOpenStream)
            let writer = try await Self.peer(gateway, "writer")
            for message in [
                #"{"type":"GET","streamId":"stream","offset":0,"length":1}"#,
                #"{"type":"SUBSCRIBE","streamId":"stream"}"#, #"{"type":"LIST"}"#,
                #"{"type":"START","streamId":"stream","overwrite":true}"#,
                #"{"type":"DELETE","streamId":"stream"}"#,
            ] {
                writer.say(message)
                try await writer.expectError(.unauthorized)
            }
            try await writer.start("written")
            writer.upload([4, 5])
            try await writer.stop("written")
            #expect(try await writer.info("written").size == 2)
            #expect(gateway.files == [".lock", "stream.audio", "written.audio"])
            _ = try await admin.ask(#"{"type":"DELETE","streamId":"written"}"#, .deleted)
        }
    }

    @Test("a stream is gone on with by whom it belongs to, or by the right to take over, also after a restart")
    func ownership() async throws {
        let policy = try self.policy(
            """
            one write,read one-token-of-the-test
            one write another-one-token-of-the-test
            two write,read two-token-of-the-test
            boss write,takeover boss-token-of-the-test
            """
        )
        let directory = try TemporaryDirectory()
        try await TestGateway.run(in: directory) {
            $0.gateway.access = policy
        } _: { gateway in
            let one = try await Self.peer(gateway, "one")
            let two = try await Self.peer(gateway, "two")
            try await one.start("call", #","metadata":{"room":"7"}"#)
            one.upload([1, 2, 3])
            #expect(try await one.ask(#"{"type":"PING"}"#, .pong).kind == .pong)
            for more in [#","resume":true"#, #","resume":true,"requestId":1"#] {
                two.say(#"{"type":"START","streamId":"call"\#(more)}"#)
                try await two.expectError(.unauthorized)
            }
            // The old writer goes on as if nothing had been.
            one.upload([4])
            try await one.settle()
            #expect(try await one.info("call").metadata == ["room": "7"])
            two.say(#"{"type":"START","streamId":"x","metadata":{"audiocache.owner":"one"}}"#)
            try await two.expectError(.badMessage)
            // The same principal by another token takes its own upload over.
            let again = try await Self.peer(gateway, "another-one")
            #expect(try await again.start("call", #","resume":true"#).offset == 4)
            await again.drop()
            while try await one.info("call").state != "suspended" {}
            two.say(#"{"type":"START","streamId":"call","resume":true}"#)
            try await two.expectError(.unauthorized)
            try await two.start("own", #","resume":true"#)
            try await two.stop("own")
        }
        try await TestGateway.run(in: directory) {
            $0.gateway.access = policy
        } _: { gateway in
            let two = try await Self.peer(gateway, "two")
            two.say(#"{"type":"START","streamId":"call","resume":true}"#)
            try await two.expectError(.unauthorized)
            let boss = try await Self.peer(gateway, "boss")
            #expect(try await boss.start("call", #","resume":true"#).offset == 4)
            try await boss.stop("call")
        }
    }

    @Test("whoever holds a name is known until the upload is over, and no longer")
    func claims() throws {
        let owners = StreamOwners()
        let x = try StreamID("x")
        let y = try StreamID("y")
        let one = Principal(name: "one", rights: .write)
        let two = Principal(name: "two", rights: .write)
        let boss = Principal(name: "boss", rights: [.write, .takeover])
        #expect(owners.claim(x, by: one) && owners.claim(x, by: one))
        #expect(!owners.claim(x, by: two) && owners.claim(y, by: two))
        owners.release(x)
        #expect(!owners.claim(x, by: two))
        #expect(owners.claim(x, by: boss))
        #expect(!owners.claim(x, by: one))
        owners.release(x)
        owners.release(x)
        #expect(owners.claim(x, by: two))
    }

    @Test("a refusal keeps its place among the answers")
    func order() async throws {
        try await self.run { gateway in
            let admin = try await Self.peer(gateway, "admin")
            try await admin.start("stream")
            admin.upload([1, 2, 3])
            try await admin.stop("stream")
            let reader = try await Self.peer(gateway, "reader")
            reader.get("stream", 0, 3)
            reader.say(#"{"type":"LIST"}"#)
            reader.get("stream", 1, 3)
            #expect(try await reader.bytes().isEqual(to: [1, 2, 3]))
            try await reader.expectError(.unauthorized)
            #expect(try await reader.bytes().isEqual(to: [2, 3]))
        }
    }

    /// Asks over HTTP, on a connection of its own.
    private static func ask(
        _ gateway: TestGateway,
        _ method: String,
        _ path: String,
        as name: String?,
        _ fields: String = "",
        body: String = ""
    ) async throws -> (status: Int, challenge: String?, body: String) {
        let peer = try await gateway.connect()
        let authorization = name.map { "Authorization: Bearer \($0)-token-of-the-test\r\n" } ?? ""
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        peer.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(authorization)\(fields)\(length)\r\n\(body)")
        let (head, text) = try await peer.response()
        await peer.drop()
        return (head.status, head["www-authenticate"], text)
    }

    @Test("over HTTP each route asks for its right, and an upload is gone on with by whom it belongs to")
    func http() async throws {
        try await self.run { gateway in
            #expect(try await Self.ask(gateway, "PUT", "/streams/a", as: "writer", body: "12345").status == 201)
            let cases: [(String, String, String?, Int)] = [
                ("GET", "/streams/a", nil, 401), ("GET", "/streams/a", "wrong", 401),
                ("GET", "/streams/a", "writer", 403),
                ("GET", "/streams/a", "reader", 200), ("GET", "/streams/a/info", "reader", 200),
                ("GET", "/streams/a/info", "writer", 200), ("GET", "/streams/a/info", "monitor", 403),
                ("GET", "/streams", "reader", 403), ("GET", "/streams", "admin", 200),
                ("DELETE", "/streams/a", "writer", 403), ("DELETE", "/streams/a", nil, 401),
                ("GET", "/metrics", nil, 401), ("GET", "/metrics", "reader", 403), ("GET", "/metrics", "monitor", 200),
                ("GET", "/livez", nil, 200), ("GET", "/readyz", nil, 200), ("GET", "/nothing", nil, 401),
                ("GET", "/nothing", "reader", 404), ("POST", "/streams/a", nil, 401), ("PATCH", "/nothing", nil, 401),
                ("GET", "/streams/a?token=reader-token-of-the-test", nil, 401),
            ]
            for (method, path, name, status) in cases {
                let answer = try await Self.ask(gateway, method, path, as: name)
                #expect(answer.status == status, "\(method) \(path) \(name ?? "-"): \(answer)")
                #expect((answer.challenge != nil) == [401, 403].contains(status))
                #expect(!answer.body.contains("of-the-test"))
            }
            // Whoever names the state that is there means to replace it.
            let replaced = try await Self.ask(
                gateway,
                "PUT",
                "/streams/a",
                as: "writer",
                "If-Match: *\r\n",
                body: "67890"
            )
            #expect(replaced.status == 403 && replaced.body.contains("overwrite"), "\(replaced)")
            let admin = try await Self.peer(gateway, "admin")
            #expect(try await admin.read("a", 0, 10).isEqual(to: Array("12345".utf8)))
            try await admin.start("open")
            admin.upload(Array("123".utf8))
            try await admin.settle()
            await admin.drop()
            let other = try await Self.peer(gateway, "reader")
            while try await other.info("open").state != "suspended" {}
            let goingOn = "Content-Range: bytes 3-5/6\r\n"
            let stranger = try await Self.ask(gateway, "PUT", "/streams/open", as: "writer", goingOn, body: "456")
            #expect(stranger.status == 403 && stranger.body.contains("takeover"), "\(stranger)")
            let owner = try await Self.ask(gateway, "PUT", "/streams/open", as: "admin", goingOn, body: "456")
            #expect([200, 201].contains(owner.status), "\(owner)")
        }
    }

    @Test("the health check is open to all, and tells them no more than that the gateway works")
    func health() async throws {
        try await self.run { gateway in
            let peer = try await gateway.connect()
            peer.send("GET /healthz HTTP/1.1\r\nHost: anything.example\r\n\r\n")
            let (head, body) = try await peer.response()
            #expect(head.status == 200 && body == "ok\n")
        }
    }
}
