import NIOCore
import Testing
import Wire

@testable import AudioClient

/// Client points 1 to 4 of the protocol: what servers of the original system see of an upload.
@Suite("An upload, seen by the server")
struct UploadConversationTests {
    static let audio: [UInt8] = {
        var generator = SeededGenerator(seed: 1)
        return generator.bytes(150_000)
    }()

    func upload(
        _ bytes: [UInt8] = Self.audio,
        to url: ServerURL,
        as id: String? = "stream-1",
        events: Events = Events(),
        retries: Int = 0
    ) async throws -> UploadSummary {
        try await UploadManager(client: url.client(retries: retries, events: events))
            .upload(MemoryChunkSource(ByteBuffer(bytes: bytes)), as: id) { () async throws(ClientError) in "ab" }
    }

    /// How a server may put its answers.
    enum Style: String, CaseIterable, CustomTestStringConvertible {
        case plain, lowerCase, noMessage, spaces, extraMembers, oddMembers
        var testDescription: String { self.rawValue }

        func answer(_ type: String) -> String {
            switch self {
            case .plain: #"{"type":"\#(type)","streamId":"stream-1","message":"fine"}"#
            case .lowerCase: #"{"type":"\#(type.lowercased())","message":"fine","streamId":"stream-1"}"#
            case .noMessage: #"{"type":"\#(type)"}"#
            case .spaces: "{ \"message\" : \"fine\" ,\n  \"type\" : \"\(type)\" }"
            case .extraMembers: #"{"type":"\#(type)","message":null,"other":[1,{"a":2}]}"#
            case .oddMembers: #"{"type":"\#(type)","message":17,"size":"big","streamId":5}"#
            }
        }
    }

    @Test("of an answer only the type is needed, however it is put", arguments: Style.allCases)
    func answers(style: Style) async throws {
        let summary = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            let start = try await peer.expectStart()
            #expect(start == ClientMessage.Start(streamID: "stream-1"))
            #expect(peer.texts == [#"{"type":"START","streamId":"stream-1"}"#])
            try await peer.say(style.answer("STARTED"))
            let upload = try await peer.expectUpload()
            #expect(upload.frames.map(\.count) == [65_536, 65_536, 18_928])
            #expect(Array(upload.frames.joined()) == Self.audio)
            #expect(upload.streamID == "stream-1")
            #expect(upload.sha256 == nil, "the digest is for servers of ours")
            #expect(peer.texts.last == #"{"type":"STOP","streamId":"stream-1"}"#)
            try await peer.say(style.answer("STOPPED"))
        } body: { url in
            try await self.upload(to: url)
        }
        #expect(summary.size == 150_000)
        #expect(summary.chunkSize == 65_536)
        #expect(!summary.isOurGateway)
    }

    @Test("the handshake asks for exactly the URL given, and offers nothing")
    func handshake() async throws {
        _ = try await ScriptedServer.run { peer in
            try await peer.readRequest()
            #expect(peer.request.hasPrefix("GET /audio HTTP/1.1\r\n"))
            #expect(peer.field("Host")?.hasPrefix("127.0.0.1:") == true)
            #expect(peer.field("Upgrade") == "websocket")
            #expect(peer.field("Connection")?.lowercased() == "upgrade")
            #expect(peer.field("Sec-WebSocket-Version") == "13")
            #expect(peer.field("Sec-WebSocket-Extensions") == nil)
            #expect(peer.field("Sec-WebSocket-Protocol") == nil)
            try await peer.raw(Array(peer.acceptance(server: nil).utf8))
        } body: { url in
            try await url.client().withConnection { _ in }
        }
    }

    /// When a server greets.
    enum Greeting: CaseIterable {
        case withTheHandshake, atOnce, afterStart, beforeStopped
    }

    @Test("a greeting is passed over whenever it comes", arguments: Greeting.allCases)
    func greeting(_ moment: Greeting) async throws {
        let greeting = #"{"type":"connected","message":"Welcome"}"#
        let summary = try await ScriptedServer.run { peer in
            var first = ByteBuffer()
            if moment == .withTheHandshake { first.writeFrame(.text, payload: ByteBuffer(string: greeting)) }
            try await peer.shakeHands(with: first)
            if moment == .atOnce { try await peer.say(greeting) }
            try await peer.expectStart()
            if moment == .afterStart { try await peer.say(greeting) }
            try await peer.say(#"{"type":"STARTED"}"#)
            _ = try await peer.expectUpload()
            if moment == .beforeStopped { try await peer.say(greeting) }
            try await peer.say(#"{"type":"STOPPED"}"#)
        } body: { url in
            try await self.upload(to: url)
        }
        #expect(summary.size == 150_000)
    }

    @Test("no byte is sent before STARTED")
    func waitsForStarted() async throws {
        _ = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            try await peer.expectStart()
            // A ping is answered in order: whatever was sent before STARTED would come before the pong.
            try await peer.frame(.ping, [1, 2, 3])
            #expect(try await peer.next() == .pong([1, 2, 3]))
            try await peer.say(#"{"type":"STARTED"}"#)
            _ = try await peer.expectUpload()
            try await peer.say(#"{"type":"STOPPED"}"#)
        } body: { url in
            try await self.upload(to: url)
        }
    }

    @Test("each frame has a masking key of its own")
    func keys() async throws {
        let bytes = [UInt8](repeating: 0, count: 20 * 65_536)
        _ = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            try await peer.expectStart()
            try await peer.say(#"{"type":"STARTED"}"#)
            let upload = try await peer.expectUpload()
            #expect(Array(upload.frames.joined()) == bytes)
            #expect(Set(peer.keys).count >= 19, "two of twenty keys may be equal by chance, hardly more")
            try await peer.say(#"{"type":"STOPPED"}"#)
        } body: { url in
            try await self.upload(bytes, to: url)
        }
    }

    @Test(
        "uploads of any length arrive whole, without an empty frame",
        arguments: [0, 1, 125, 126, 65_535, 65_536, 65_537, 131_072, 3_000_001]
    )
    func lengths(count: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = generator.bytes(count)
        let events = Events()
        _ = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            try await peer.expectStart()
            try await peer.say(#"{"type":"STARTED"}"#)
            let upload = try await peer.expectUpload()
            #expect(upload.frames.allSatisfy { !$0.isEmpty })
            #expect(upload.frames.dropLast().allSatisfy { $0.count == 65_536 })
            #expect(Array(upload.frames.joined()) == bytes)
            try await peer.say(#"{"type":"STOPPED"}"#)
        } body: { url in
            try await self.upload(bytes, to: url, events: events)
        }
        #expect(events.sent == Int64(count))
    }

    @Test("a server of ours is told size and digest, and its answers are matched by their marks")
    func extensionFields() async throws {
        let summary = try await ScriptedServer.run { peer in
            try await peer.shakeHands(server: ServerIdentity.headerValue)
            let start = try await peer.expectStart()
            #expect(start.size == 150_000)
            try await peer.say(#"{"type":"STARTED","requestId":99}"#)
            try await peer.say(#"{"type":"ERROR","requestId":99,"message":"to somebody else"}"#)
            try await peer.say(#"{"type":"STARTED","requestId":1,"offset":0,"epoch":1}"#)
            let upload = try await peer.expectUpload()
            #expect(upload.sha256 == "ab")
            try await peer.say(#"{"type":"STOPPED","requestId":1,"size":150000,"sha256":"ab"}"#)
        } body: { url in
            try await self.upload(to: url)
        }
        #expect(summary.isOurGateway)
        #expect(summary.sha256 == "ab")
    }

    @Test("a server that stored another size is not believed")
    func wrongSize() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands(server: ServerIdentity.headerValue)
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED"}"#)
                _ = try await peer.expectUpload()
                try await peer.say(#"{"type":"STOPPED","size":149999}"#)
            } body: { url in
                try await self.upload(to: url)
            }
        }
        #expect(error?.code == .badData)
    }
}
