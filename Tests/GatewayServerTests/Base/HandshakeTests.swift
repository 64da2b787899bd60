import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("The handshake, over a socket", .timeLimit(.minutes(5)))
struct HandshakeTests {
    @Test("the answer is a 101 that proves the key was read, names this server and agrees to nothing else")
    func answer() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            // The key and the proof of RFC 6455, 1.3.
            let head = try await peer.upgrade([("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
            #expect(head["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(head["upgrade"]?.lowercased() == "websocket")
            #expect(head["connection"]?.lowercased() == "upgrade")
            #expect(head["server"] == "audio-stream-cache/\(GatewayServer.version)")
            #expect(head["sec-websocket-extensions"] == nil)
            #expect(head["sec-websocket-protocol"] == nil)
        }
    }

    @Test("a key of zeros, and a mask of zeros, are fine")
    func zeros() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let head = try await peer.upgrade([("Sec-WebSocket-Key", RawPeer.zeroKey)])
            #expect(head["sec-websocket-accept"] == Handshake.accept(forKey: RawPeer.zeroKey))
            peer.sendFrame(.text, #"{"type":"START","streamId":"zeros"}"#.utf8, key: .zero)
            try await peer.expect(.started)
            peer.upload(sample(1_000), key: .zero)
            try await peer.stop("zeros")
            #expect(try await peer.read("zeros", 0, 1_000).isEqual(to: sample(1_000)))
        }
    }

    @Test(
        "permessage-deflate and every other extension is declined by not being mentioned",
        arguments: [
            "permessage-deflate", "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=15, x-webkit-deflate-frame",
        ]
    )
    func extensions(offer: String) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let head = try await peer.upgrade([
                ("Sec-WebSocket-Extensions", offer), ("Sec-WebSocket-Protocol", "audio"),
            ])
            #expect(
                head.fields.allSatisfy {
                    !$0.name.hasPrefix("sec-websocket-e") && !$0.name.hasPrefix("sec-websocket-p")
                }
            )
            // Frames come without the bit of an extension; the peer's own reading sees to that.
            try await peer.start("plain")
            peer.upload([UInt8](repeating: 7, count: 70_000))
            try await peer.stop("plain")
            #expect(try await peer.read("plain", 0, 70_000).readableBytes == 70_000)
        }
    }

    @Test("nothing is written together with the 101, nor after it until the client has spoken")
    func silence() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            try await peer.upgrade()
            // Whatever had been written would come before the answer.
            peer.say(#"{"type":"START","streamId":"first"}"#)
            #expect(try await peer.text().hasPrefix(#"{"type":"STARTED""#))
        }
    }

    @Test("messages that come together with the request are answered after the 101")
    func early() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            var bytes = ByteBuffer(string: RawPeer.upgradeRequest())
            bytes.write(.text, #"{"type":"START","streamId":"early"}"#.utf8)
            bytes.write(.binary, sample(500))
            bytes.write(.text, #"{"type":"STOP"}"#.utf8)
            peer.send(bytes)
            #expect(try await peer.head().status == 101)
            try await peer.expect(.started)
            try await peer.expect(.stopped)
            #expect(try await peer.read("early", 0, 500).isEqual(to: sample(500)))
        }
    }

    @Test("a request that comes byte by byte is one like any other")
    func slowRequest() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            for byte in RawPeer.upgradeRequest().utf8 { peer.send([byte]) }
            #expect(try await peer.head().status == 101)
            try await peer.settle()
        }
    }

    @Test("field names and tokens are taken in any case, among others")
    func cases() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            peer.send(
                "GET /audio?token=x HTTP/1.1\r\nhost: localhost\r\nUPGRADE: h2c, WebSocket\r\nconnection: keep-alive, UPGRADE\r\n"
                    + "sec-websocket-version: 13\r\nSEC-WEBSOCKET-KEY: \(RawPeer.zeroKey)\r\n\r\n"
            )
            #expect(try await peer.head().status == 101)
            try await peer.settle()
        }
    }
}
