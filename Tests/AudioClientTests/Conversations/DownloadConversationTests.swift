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

    private func download(
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

    @Test("a short answer is not the end where the size is known")
    func shortAnswers() async throws {
        let bytes = try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            while case .message(.get(let get)) = try await peer.next() {
                try await peer.frame(.binary, Array(Self.part(get).prefix(50_000)))
            }
        } body: { url in
            try await self.download(from: url, size: 150_000).bytes
        }
        #expect(bytes == Self.audio)
    }

    @Test("a stream that ends too early is an error")
    func endsEarly() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.frame(.binary, Self.part(try await peer.expectGet()))
                try await peer.expectGet()
                try await peer.frame(.binary, [])
            } body: { url in
                try await self.download(from: url, size: 150_000)
            }
        }
        #expect(error?.code == .badData)
    }

    @Test(
        "an unknown stream is an error, in whichever words",
        arguments: ["Stream not found: stream-1", "No data available"]
    )
    func unknownStream(message: String) async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.expectGet()
                try await peer.say(#"{"type":"error","message":"\#(message)"}"#)
            } body: { url in
                try await self.download(from: url)
            }
        }
        #expect(error?.cause == .server(nil, isRetryable: false))
        #expect(error?.sentence.contains(message) == true)
    }

    /// How a connection ends too early.
    enum Cut: CaseIterable {
        case insideHeader, insidePayload, betweenFrames, byClose
    }

    @Test("a connection that ends before the stream does is an error, not the end", arguments: Cut.allCases)
    func cut(_ cut: Cut) async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.frame(.binary, Self.part(try await peer.expectGet()))
                try await peer.expectGet()
                switch cut {
                case .insideHeader: try await peer.raw([0x82, 127, 0])
                case .insidePayload: try await peer.raw([0x82, 126, 0x40, 0x00, 1, 2, 3])
                case .betweenFrames: break
                case .byClose: try await peer.sayClose(.goingAway)
                }
                if cut != .byClose { try await peer.drop() }
            } body: { url in
                try await self.download(from: url)
            }
        }
        #expect(error?.isOfTheConnection == true)
        let isInside = cut == .insideHeader || cut == .insidePayload
        #expect(error?.sentence.contains("in the middle of a frame") == isInside)
    }

    @Test("a download goes on where a broken connection left it")
    func resumes() async throws {
        let events = Events()
        let (bytes, summary) = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHands()
                try await peer.frame(.binary, Self.part(try await peer.expectGet()))
                try await peer.expectGet()
                try await peer.raw([0x82, 126, 0x40, 0x00] + Self.audio[65_536..<65_636])
                try await peer.drop()
            },
            { peer in
                try await peer.shakeHands()
                let get = try await peer.expectGet()
                #expect(get.offset == 65_636)
                try await peer.frame(.binary, Self.part(get))
                try await peer.frame(.binary, Self.part(try await peer.expectGet()))
            },
        ]) { url in
            try await self.download(from: url, size: 150_000, retries: 2, events: events)
        }
        #expect(bytes == Self.audio)
        #expect(summary.resumptions == 1)
        #expect(events.notices.count == 1)
    }

    /// What a server must not send.
    enum Nonsense: CaseIterable {
        case masked, reservedBit, tooMuch, unasked
    }

    @Test("a server that breaks the rules is told so and left", arguments: Nonsense.allCases)
    func nonsense(_ nonsense: Nonsense) async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.expectGet()
                switch nonsense {
                case .masked: try await peer.raw([0x82, 0x81, 1, 2, 3, 4, 5])
                case .reservedBit: try await peer.raw([0xC2, 0x01, 1])
                case .tooMuch: try await peer.frame(.binary, [UInt8](repeating: 0, count: 65_537))
                case .unasked:
                    try await peer.frame(.binary, Array(Self.audio[..<65_536]))
                    try await peer.frame(.binary, [1])
                    try await peer.frame(.binary, [1])
                }
                var last = try await peer.next()
                while case .message = last { last = try await peer.next() }
                #expect(last == .close(.protocolError))
            } body: { url in
                try await self.download(from: url, size: 150_000)
            }
        }
        #expect(error?.code == .violation)
    }

    @Test("a file has its name only once it is complete, and nothing else is left")
    func outputFile() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/out.wav"
            let failing: ScriptedServer.Script = { peer in
                try await peer.shakeHands()
                try await peer.frame(.binary, Self.part(try await peer.expectGet()))
                try await peer.expectGet()
                try await peer.drop()
            }
            let error = await clientError {
                _ = try await ScriptedServer.inTurn([failing]) { url in
                    try await DownloadManager(client: url.client()).download("stream-1", toFile: path)
                }
            }
            #expect(error?.cause == .dropped)
            #expect(directory.names == [])

            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                while case .message(.get(let get)) = try await peer.next() {
                    try await peer.frame(.binary, Self.part(get))
                }
            } body: { url in
                try await DownloadManager(client: url.client()).download("stream-1", toFile: path)
            }
            #expect(directory.names == ["out.wav"])
            #expect(try await Verification.digests(ofFile: path) == Self.digests(Self.audio))
        }
    }

    @Test("a file whose digest is not the server's does not get its name")
    func wrongDigest() async throws {
        try await TemporaryDirectory.with { directory in
            let error = await clientError {
                _ = try await ScriptedServer.run { peer in
                    try await peer.shakeHands(server: ServerIdentity.headerValue)
                    try await peer.expectInfo()
                    let digest = String(repeating: "0", count: 64)
                    try await peer.say(
                        #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":3,"sha256":"\#(digest)"}"#
                    )
                    try await peer.expectGet()
                    try await peer.frame(.binary, [1, 2, 3])
                } body: { url in
                    try await DownloadManager(client: url.client())
                        .download("stream-1", toFile: "\(directory.path)/out.wav")
                }
            }
            #expect(error?.code == .badData)
            #expect(directory.names == [])
        }
    }

    static func digests(_ bytes: [UInt8]) -> StreamDigests {
        var hasher = StreamHasher()
        hasher.update(ByteBuffer(bytes: bytes))
        return hasher.finish()
    }
}
