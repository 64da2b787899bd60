import NIOCore
import Testing
import Wire

@testable import AudioClient

// What goes wrong, and how the client gets over it or says so.
extension DownloadConversationTests {
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
        case masked, reservedBit, tooMuch
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
}
