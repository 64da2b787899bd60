import NIOCore
import Testing
import Wire

@testable import AudioClient

@Suite("Connecting")
struct HandshakeConversationTests {
    @Test("a head without end is not read for ever")
    func endlessHead() async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.readRequest()
                try await peer.raw(Array("HTTP/1.1 101 Switching Protocols\r\n".utf8))
                for number in 0..<1_000 {
                    try await peer.raw(Array("X-\(number): \(String(repeating: "a", count: 80))\r\n".utf8))
                }
            } body: { url in
                try await url.client().withConnection { _ in }
            }
        }
        #expect(error?.code == .violation)
        #expect(error?.sentence.contains("longer than 8192 bytes") == true)
    }

    @Test("a head that is written slowly is not waited for longer than allowed")
    func slowHead() async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                // On a busy machine the client has given up before its request is read.
                do { try await peer.readRequest() } catch is ScriptedPeer.Surprise { return }
                try await peer.raw(Array("HTTP/1.1 101 Switch".utf8))
            } body: { url in
                try await url.client(handshakeTimeout: .seconds(2)).withConnection { _ in }
            }
        }
        #expect(error?.cause == .timedOut)
        #expect(error?.sentence.contains("shaking hands") == true)
    }

    @Test("informational answers without end count, too")
    func endlessInformation() async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.readRequest()
                for _ in 0..<1_000 { try await peer.raw(Array("HTTP/1.1 103 Early Hints\r\n\r\n".utf8)) }
            } body: { url in
                try await url.client().withConnection { _ in }
            }
        }
        #expect(error?.code == .violation)
    }

    @Test(
        "an answer that is no upgrade is refused, and says why",
        arguments: [
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ClientError.Code.violation, "404"),
            ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", .unavailable, "503"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", .violation, "200"),
            ("SSH-2.0-OpenSSH_9.6\r\n", .violation, "HTTP"),
            ("", .unavailable, "closed the connection"),
        ]
    )
    func refused(answer: String, code: ClientError.Code, words: String) async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.readRequest()
                if !answer.isEmpty { try await peer.raw(Array(answer.utf8)) }
                try await peer.drop()
            } body: { url in
                try await url.client().withConnection { _ in }
            }
        }
        #expect(error?.code == code)
        #expect(error?.sentence.contains(words) == true, "\(String(describing: error))")
    }

    @Test("a token goes along with the request, and with no other client's")
    func token() async throws {
        let token = try BearerToken("token-of-the-test", from: "the test")
        for configured in [token, nil] {
            try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                #expect(peer.field("Authorization") == configured.map { _ in "Bearer token-of-the-test" })
                _ = try await peer.next()
            } body: { url in
                var configuration = try url.client().configuration
                configuration.token = configured
                try await WebSocketClient(server: url, configuration: configuration).withConnection { _ in }
            }
        }
    }

    @Test(
        "a server that does not let the client in is not asked again, and what is missing is said",
        arguments: [
            ("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\"", "needs a token", "--token-file"),
            (
                "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\", error=\"invalid_token\"",
                "does not know the token", "AUDIO_CACHE_TOKEN"
            ), ("403 Forbidden", "does not let", "allowedHosts"),
        ]
    )
    func notPermitted(answer: String, sentence: String, remedy: String) async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.readRequest()
                try await peer.raw(Array("HTTP/1.1 \(answer)\r\nContent-Length: 0\r\n\r\n".utf8))
                try await peer.drop()
            } body: { url in
                try await url.client(retries: 5).withConnection { _ in }
            }
        }
        #expect(error?.code == .notPermitted)
        #expect(error?.sentence.contains(sentence) == true && error?.remedy.contains(remedy) == true, "\(error as Any)")
    }

    @Test(
        "an upgrade that is not what was asked for is refused",
        arguments: [
            "Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: chat\r\n",
            "Sec-WebSocket-Accept: c2Vjb25k\r\n",
        ]
    )
    func unwanted(field: String) async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.readRequest()
                let head = try peer.acceptance(server: nil)
                try await peer.raw(Array((head.dropLast(2) + field + "\r\n").utf8))
            } body: { url in
                try await url.client().withConnection { _ in }
            }
        }
        #expect(error?.code == .violation)
    }

    @Test("where nobody listens, the client tries again as often as it may, and then says so")
    func nobodyThere() async throws {
        let url = try await ScriptedServer.inTurn([]) { $0 }
        let events = Events()
        let error = await clientError { try await url.client(retries: 3, events: events).withConnection { _ in } }
        #expect(error?.code == .unavailable)
        #expect(error?.cause == .refused)
        #expect(error?.sentence.contains("attempt 4") == true)
        #expect(events.notices.count == 3)
    }

    @Test("a server that comes back is found by a retry")
    func comesBack() async throws {
        let events = Events()
        try await ScriptedServer.inTurn([
            { peer in try await peer.drop() },
            { peer in
                try await peer.readRequest()
                try await peer.raw(Array("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".utf8))
            },
            { peer in try await peer.shakeHands() },
        ]) { url in
            try await url.client(retries: 5, events: events).withConnection { _ in }
        }
        #expect(events.notices.count == 2)
    }

    @Test("a wrong path is not tried again")
    func wrongPath() async throws {
        let events = Events()
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.readRequest()
                try await peer.raw(Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8))
            } body: { url in
                try await url.client(retries: 5, events: events).withConnection { _ in }
            }
        }
        #expect(error?.cause == .status(404))
        #expect(events.notices.isEmpty)
    }

    @Test("a ping is answered with a masked pong of the same payload, while an answer is waited for and between two")
    func pings() async throws {
        let (pinged, signal) = AsyncStream<Void>.makeStream()
        let info = #"{"type":"INFO","streamId":"s","state":"live","size":5}"#
        try await ScriptedServer.run { peer in
            try await peer.shakeHands(server: ServerIdentity.headerValue)
            try await peer.expectInfo()
            for length in [0, 1, 125] {
                let payload = [UInt8](repeating: 0x55, count: length)
                try await peer.frame(.ping, payload)
                #expect(try await peer.next() == .pong(payload))
            }
            try await peer.frame(.pong, [1])
            try await peer.say(info)
            try await peer.frame(.ping, [2])
            #expect(try await peer.next() == .pong([2]))
            signal.yield()
            try await peer.expectInfo()
            try await peer.say(info)
        } body: { url in
            try await url.client().withConnection { connection async throws(ClientError) in
                _ = try await connection.info("s")
                var iterator = pinged.makeAsyncIterator()
                _ = await iterator.next()
                let info = try await connection.info("s")
                #expect(info.size == 5)
            }
        }
    }

    @Test("a server that answers no Close is left all the same, once the work is done")
    func noCloseFromServer() async throws {
        let summary = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            try await peer.expectStart()
            try await peer.say(#"{"type":"STARTED"}"#)
            #expect(try await peer.expectUpload().frames == [[1, 2, 3]])
            try await peer.say(#"{"type":"STOPPED"}"#)
            #expect(try await peer.next() == .close(.normal))
            // Nothing is said to that; the client ends the connection by itself.
            #expect(try await peer.next() == .end)
        } body: { url in
            try await UploadManager(client: url.client())
                .upload(MemoryChunkSource(ByteBuffer(bytes: [1, 2, 3])), as: "stream-1")
        }
        #expect(summary.size == 3 && summary.resumptions == 0)
    }

    @Test("after a Close nothing more is done, and everything says why")
    func closed() async throws {
        let error = await clientError {
            try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.sayClose(.serviceRestart)
                #expect(try await peer.next() == .close(.serviceRestart))
            } body: { url in
                let connection = try await url.client().connect()
                try await connection.channel.closeFuture.get()
                _ = try await connection.info("s")
            }
        }
        #expect(error?.cause == .closed(.serviceRestart))
    }
}
