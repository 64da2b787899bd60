import NIOCore
import Testing
import Wire

@testable import AudioClient

/// Client points 5 and 6 of the protocol: how streams are read from all kinds of servers.
@Suite("A download, seen by the server")
struct DownloadConversationTests {
    static let audio: [UInt8] = {
        var generator = SeededGenerator(seed: 2)
        return generator.bytes(150_000)
    }()

    func download(
        from url: ServerURL,
        size: Int64? = nil,
        retries: Int = 0,
        events: Events = Events()
    ) async throws -> (bytes: [UInt8], summary: DownloadSummary) {
        let (sink, summary) = try await DownloadManager(client: url.client(retries: retries, events: events))
            .download("stream-1", size: size, into: MemorySink())
        return (Array(sink.bytes.readableBytesView), summary)
    }

    /// The part of the audio that a GET asks for.
    static func part(_ get: ClientMessage.Get) -> [UInt8] {
        let start = min(Int(get.offset), Self.audio.count)
        return Array(Self.audio[start..<min(start + Int(get.length), Self.audio.count)])
    }

    /// How a server says that there is no more.
    enum End: String, CaseIterable {
        case emptyFrame, shortAnswer, noData, outOfRange, lowerCaseError
    }

    @Test("the end is found, however the server says it", arguments: End.allCases, [Opcode.binary, Opcode.text])
    func ends(end: End, opcode: Opcode) async throws {
        // Only a length that is a multiple of the chunk needs a question beyond the end.
        let length = end == .shortAnswer ? 150_000 : 131_072
        let bytes = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            var gets: [ClientMessage.Get] = []
            while true {
                let received = try await peer.next()
                guard case .message(.get(let get)) = received else { break }
                gets.append(get)
                let start = min(Int(get.offset), length)
                let part = Array(Self.audio[start..<min(start + Int(get.length), length)])
                if !part.isEmpty {
                    try await peer.frame(opcode, part)
                    continue
                }
                switch end {
                case .emptyFrame: try await peer.frame(opcode, [])
                case .shortAnswer: #expect(Bool(false), "a question beyond a short answer")
                case .noData: try await peer.say(#"{"type":"ERROR","message":"No data available"}"#)
                case .outOfRange: try await peer.say(#"{"type":"ERROR","message":"Offset out of range"}"#)
                case .lowerCaseError:
                    try await peer.say(#"{ "type": "error", "message": "no data available at 131072" }"#)
                }
            }
            #expect(gets.map(\.offset) == [0, 65_536, 131_072])
            #expect(gets.allSatisfy { $0.length == 65_536 && $0.streamID == "stream-1" })
            #expect(peer.texts.first == #"{"type":"GET","streamId":"stream-1","offset":0,"length":65536}"#)
        } body: { url in
            try await self.download(from: url).bytes
        }
        #expect(bytes == Array(Self.audio[..<length]))
    }

    @Test("where the size is known, nothing at or past the end is asked for")
    func knownSize() async throws {
        let bytes = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            for expected in [(0, 65_536), (65_536, 65_536), (131_072, 18_928)] {
                let get = try await peer.expectGet()
                #expect(get.offset == expected.0)
                #expect(get.length == expected.1)
                try await peer.frame(.binary, Self.part(get))
            }
            #expect(try await peer.next() == .close(.normal))
        } body: { url in
            try await self.download(from: url, size: 150_000).bytes
        }
        #expect(bytes == Self.audio)
    }

    @Test("a stream known to be empty is not asked for at all")
    func empty() async throws {
        let bytes = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            #expect(try await peer.next() == .close(.normal))
        } body: { url in
            try await self.download(from: url, size: 0).bytes
        }
        #expect(bytes.isEmpty)
    }

    @Test("an unknown server gets one GET at a time", arguments: [nil, "nginx", "audio-stream-cache-clone/1"])
    func oneAtATime(server: String?) async throws {
        let bytes = try await ScriptedServer.run { peer in
            try await peer.shakeHands(server: server)
            for _ in 0..<3 {
                let get = try await peer.expectGet()
                // Had another GET been sent, it would come before the pong.
                try await peer.frame(.ping, [9])
                #expect(try await peer.next() == .pong([9]))
                try await peer.frame(.binary, Self.part(get))
            }
        } body: { url in
            try await self.download(from: url, size: 150_000).bytes
        }
        #expect(bytes == Self.audio)
    }

    @Test("a server of ours is asked for the size, and gets all the GETs at once")
    func pipelines() async throws {
        let events = Events()
        let (bytes, summary) = try await ScriptedServer.run { peer in
            try await peer.shakeHands(server: ServerIdentity.headerValue)
            try await peer.expectInfo()
            try await peer.say(
                #"{"type":"INFO","streamId":"stream-1","requestId":1,"state":"sealed","size":150000,"sha256":"cd"}"#
            )
            let gets = [try await peer.expectGet(), try await peer.expectGet(), try await peer.expectGet()]
            for get in gets { try await peer.frame(.binary, Self.part(get)) }
            #expect(gets.map(\.length) == [65_536, 65_536, 18_928])
        } body: { url in
            try await self.download(from: url, events: events)
        }
        #expect(bytes == Self.audio)
        #expect(summary.sha256 == "cd")
        #expect(summary.state == "sealed")
        #expect(events.received == 150_000)
    }

    @Test("the window of GETs is never exceeded")
    func window() async throws {
        let size: Int64 = 100 * 65_536
        let chunk = [UInt8](repeating: 3, count: 65_536)
        let count = try await ScriptedServer.run { peer in
            try await peer.shakeHands(server: ServerIdentity.headerValue)
            try await peer.expectInfo()
            try await peer.say(#"{"type":"INFO","streamId":"stream-1","state":"sealed","size":\#(size)}"#)
            for _ in 0..<32 { try await peer.expectGet() }
            try await peer.frame(.ping, [1])
            #expect(try await peer.next() == .pong([1]), "a thirty-third GET")
            for _ in 0..<32 { try await peer.frame(.binary, chunk) }
            for _ in 32..<100 {
                try await peer.expectGet()
                try await peer.frame(.binary, chunk)
            }
        } body: { url in
            try await self.download(from: url).bytes.count
        }
        #expect(Int64(count) == size)
    }

    @Test("an answer in fragments, and greetings and pings between them, are taken")
    func fragments() async throws {
        let bytes = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            let get = try await peer.expectGet()
            var buffer = ByteBuffer()
            let part = Self.part(get)
            FrameHeader(isFinal: false, opcode: .binary, payloadLength: 1_000).encode(into: &buffer)
            buffer.writeBytes(part[..<1_000])
            buffer.writeFrame(.ping, payload: ByteBuffer(string: "?"))
            FrameHeader(opcode: .continuation, payloadLength: Int64(part.count - 1_000)).encode(into: &buffer)
            buffer.writeBytes(part[1_000...])
            try await peer.raw(Array(buffer.readableBytesView))
            try await peer.say(#"{"type":"CONNECTED","message":"late"}"#)
        } body: { url in
            try await self.download(from: url, size: 65_536).bytes
        }
        #expect(bytes == Array(Self.audio[..<65_536]))
    }

    static func digests(_ bytes: [UInt8]) -> StreamDigests {
        var hasher = StreamHasher()
        hasher.update(ByteBuffer(bytes: bytes))
        return hasher.finish()
    }
}
