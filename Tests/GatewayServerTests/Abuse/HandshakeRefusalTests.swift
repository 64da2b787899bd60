import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

/// Requests that are refused, and the parts that they are made of.
private enum Refusal {
    static let head = "GET /audio HTTP/1.1\r\nHost: localhost\r\n"
    static let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    static let version = "Sec-WebSocket-Version: 13\r\n"
    static let key = "Sec-WebSocket-Key: \(RawPeer.zeroKey)\r\n"

    static let all: [(request: String, status: Int)] = [
        // No WebSocket is asked for.
        (head, 426), (head + "Connection: Upgrade\r\n" + version + key, 426),
        (head + "Upgrade: websocket\r\n" + version + key, 426),
        (head + "Upgrade: h2c\r\nConnection: Upgrade\r\n" + version + key, 426),
        (head + "Upgrade: websocket\r\nConnection: keep-alive\r\n" + version + key, 426),
        // Not the version that there is.
        (head + upgrade + key, 426), (head + upgrade + "Sec-WebSocket-Version: 8\r\n" + key, 426),
        (head + upgrade + "Sec-WebSocket-Version: 013\r\n" + key, 426),
        (head + upgrade + version + version + key, 426),
        // No key, or none that is one.
        (head + upgrade + version, 400), (head + upgrade + version + "Sec-WebSocket-Key: \r\n", 400),
        (head + upgrade + version + "Sec-WebSocket-Key: short\r\n", 400),
        (head + upgrade + version + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=\r\n", 400),
        (head + upgrade + version + key + key, 400),
        // Another path.
        ("GET /x HTTP/1.1\r\nHost: localhost\r\n" + upgrade + version + key, 404),
        ("GET /audio2 HTTP/1.1\r\nHost: localhost\r\n", 404),
        ("GET /audio/x HTTP/1.1\r\nHost: localhost\r\n" + upgrade + version + key, 404),
        ("GET /../audio HTTP/1.1\r\nHost: localhost\r\n" + upgrade + version + key, 404),
        // Pages of other sites.
        (head + "Origin: http://evil.example\r\n" + upgrade + version + key, 403),
        (head + "Origin: null\r\n" + upgrade + version + key, 403),
        // A body.
        (head + upgrade + version + key + "Content-Length: 5\r\n", 413),
        // Broken heads.
        ("GET /audio HTTP/1.1\r\nHost: localhost\r\nX y: 1\r\n", 400), ("nonsense\r\n", 400), ("GET /audio\r\n", 400),
        ("GET /audio HTTP/9.9\r\nHost: localhost\r\n", 400),
        ("GET /audio HTTP/1.1\r\nHost: localhost\r\nX: \u{1}\r\n", 400),
        ("GET /au\u{1}dio HTTP/1.1\r\nHost: localhost\r\n", 400),
    ]
}

@Suite("Requests that open no WebSocket", .timeLimit(.minutes(5)))
struct HandshakeRefusalTests {
    @Test("each has its status, says why, and repeats nothing that it was sent", arguments: Refusal.all.indices)
    func refusals(index: Int) async throws {
        let (request, status) = Refusal.all[index]
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            peer.send(request + "\r\n")
            let (head, body) = try await peer.response()
            #expect(head.status == status, "\(request.debugDescription)")
            #expect(!body.contains("evil") && !body.contains("<"))
            if status == 426 {
                #expect(head["upgrade"] == "websocket" || head["sec-websocket-version"] == "13")
            }
            let other = try await gateway.peer()
            try await other.settle()
        }
    }

    @Test("HTTP/1.0 gets no WebSocket")
    func http10() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            peer.send(
                "GET /audio HTTP/1.0\r\nHost: localhost\r\n" + Refusal.upgrade + Refusal.version + Refusal.key + "\r\n"
            )
            let text = String(buffer: try await peer.readToEnd())
            #expect(!text.contains(" 101 ") && text.contains(" 4"), "\(text)")
        }
    }

    @Test("a header of a megabyte is refused long before it is all there", arguments: [true, false])
    func largeHeader(isOneField: Bool) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let fields =
                isOneField
                ? "X: " + String(repeating: "x", count: 1 << 20)
                : (0..<10_000).map { "X-\($0): \(String(repeating: "x", count: 90))\r\n" }.joined()
            peer.send(Refusal.head + fields)
            let text = String(buffer: try await peer.readToEnd())
            #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 431 "), "\(text)")
            try await gateway.peer().settle()
        }
    }

    @Test("a header a little beyond the limit is told 431")
    func longHeader() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            peer.send(Refusal.head + "X: " + String(repeating: "x", count: 5_000) + "\r\n\r\n")
            #expect(try await peer.head().status == 431)
        }
    }

    @Test("a header that never comes to its end is cut off, though something comes all the time")
    func slowLoris() async throws {
        try await TestGateway.run {
            $0.gateway.headerTimeoutSeconds = 5
        } _: { gateway in
            let bystander = try await gateway.peer()
            let silent = try await gateway.connect()
            let slow = try await gateway.connect()
            slow.send(Refusal.head)
            silent.send("G")
            while slow.channel.isActive {
                slow.send("x")
                try await bystander.settle()
            }
            try await silent.readToEnd()
            try await bystander.start("bystander")
        }
    }

    @Test("beyond the limit of connections a peer is told to come back, and can when there is room")
    func limit() async throws {
        try await TestGateway.run {
            $0.gateway.maximumConnections = 1
        } _: { gateway in
            let first = try await gateway.peer()
            let second = try await gateway.connect()
            second.send(RawPeer.upgradeRequest())
            let (head, body) = try await second.response()
            #expect(head.status == 503 && head["retry-after"] == "5")
            #expect(body.contains("maxConnections"))
            try await first.settle()
            first.sayClose()
            try await first.expectClose(1_000)
            await first.drop()
            while true {
                let third = try await gateway.connect()
                third.send(RawPeer.upgradeRequest())
                let status = try await third.head().status
                if status == 503 { continue }
                #expect(status == 101)
                try await third.settle()
                break
            }
        }
    }

    @Test("where the gateway's names are listed, it answers to no other")
    func hosts() async throws {
        try await TestGateway.run {
            $0.gateway.allowedHosts = ["gateway.example"]
            $0.gateway.allowedOrigins = ["https://studio.example"]
        } _: { gateway in
            for (host, origin, status) in [
                ("gateway.example:8080", "", 101), ("gateway.example", "https://studio.example", 101),
                ("127.0.0.1", "", 403), ("evil.example", "http://evil.example", 403),
                ("gateway.example", "http://evil.example", 403),
            ] {
                let peer = try await gateway.connect()
                peer.send(RawPeer.upgradeRequest([("Host", host), ("Origin", origin)]))
                #expect(try await peer.head().status == status, "\(host) \(origin)")
            }
        }
    }

    @Test("the health check answers 200, on a connection that may ask again")
    func health() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            for _ in 0..<3 {
                peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let (head, body) = try await peer.response()
                #expect(head.status == 200 && body == "ok\n")
            }
        }
    }

    @Test("requests that follow each other closely are answered one by one, and what is no request ends the connection")
    func pipelined() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /audio HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await peer.response().head.status == 200)
            #expect(try await peer.response().head.status == 426)
            peer.send("\u{1}\u{2}garbage\r\n\r\n")
            #expect(try await peer.response().head.status == 400)
            try await peer.expectEnd()
            // Together with a request that waits for its answer, it is not answered at all.
            let hasty = try await gateway.connect()
            hasty.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\u{1}\u{2}garbage\r\n\r\n")
            let text = String(buffer: try await hasty.readToEnd())
            #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 200"), "\(text)")
            try await gateway.peer().settle()
        }
    }

    @Test("a wish to upgrade to something else is ignored, and a WebSocket is opened only by the first request")
    func otherUpgrades() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let settings = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
            peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + settings)
            let (head, body) = try await peer.response()
            #expect(head.status == 200 && body == "ok\n" && head["connection"] == "close")
            try await peer.expectEnd()
            let late = try await gateway.connect()
            late.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await late.response().head.status == 200)
            late.send(RawPeer.upgradeRequest())
            let (refusal, reason) = try await late.response()
            #expect(refusal.status == 400 && reason.contains("first request"))
            try await late.expectEnd()
        }
    }
}
