import NIOCore
import Testing
import Wire

@testable import AudioClient

@Suite("Following a stream, seen by the gateway")
struct TailConversationTests {
    static let audio: [UInt8] = {
        var generator = SeededGenerator(seed: 3)
        return generator.bytes(200_000)
    }()

    func tail(
        _ url: ServerURL,
        from start: TailStart = .offset(0),
        retries: Int = 3
    ) async throws -> (bytes: [UInt8], summary: TailSummary) {
        let client = try url.client(retries: retries)
        let (sink, summary) = try await TailManager(client: client).tail("stream-1", from: start, into: MemorySink())
        return (Array(sink.bytes.readableBytesView), summary)
    }

    @Test("bytes come as they are sent, and the end is verified")
    func whole() async throws {
        let (bytes, summary) = try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            #expect(try await peer.expectSubscribe() == 0)
            #expect(peer.texts == [#"{"type":"SUBSCRIBE","streamId":"stream-1","requestId":1}"#])
            try await peer.saySubscribed(0)
            for part in [Self.audio[..<7], Self.audio[7..<70_000], Self.audio[70_000...]] {
                try await peer.frame(.binary, Array(part))
            }
            try await peer.sayEnd(200_000, sha256: StreamHasher.sha256(Self.audio))
        } body: { url in
            try await self.tail(url)
        }
        #expect(bytes == Self.audio)
        #expect(summary.isVerified && summary.size == 200_000 && summary.written == 200_000 && summary.resumptions == 0)
    }

    @Test("a dropped connection, also in the middle of a frame, leaves no gap and repeats nothing")
    func dropped() async throws {
        let (bytes, summary) = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await peer.expectSubscribe() == -150_000)
                try await peer.saySubscribed(50_000)
                try await peer.frame(.binary, Array(Self.audio[50_000..<60_000]))
                // A header that says 1,000, and 400 of them.
                try await peer.raw([0x82, 126, 3, 0xE8] + Self.audio[60_000..<60_400])
                try await peer.drop()
            },
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await peer.expectSubscribe() == 60_400)
                try await peer.say(
                    #"{"type":"ERROR","code":"shutting_down","message":"Come back.","retryable":true,"requestId":1}"#
                )
            },
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await peer.expectSubscribe() == 60_400)
                // This one has lost what it had from byte 60,000 on, and got it again.
                try await peer.saySubscribed(60_000)
                try await peer.frame(.binary, Array(Self.audio[60_000...]))
                try await peer.sayEnd(200_000, sha256: "of other bytes")
            },
        ]) { url in
            try await self.tail(url, from: .last(150_000))
        }
        #expect(bytes == Array(Self.audio[50_000...]))
        #expect(summary.offset == 50_000 && summary.written == 150_000 && summary.resumptions == 2)
        #expect(!summary.isVerified, "the digest is that of the whole")
    }

    @Test("a digest or a size that is not that of what came is told")
    func wrong() async throws {
        for end in [(5, "00"), (6, StreamHasher.sha256([1, 2, 3, 4, 5]))] {
            let error = await clientError {
                _ = try await ScriptedServer.run { peer in
                    try await peer.shakeHandsAsGateway()
                    _ = try await peer.expectSubscribe()
                    try await peer.saySubscribed(0)
                    try await peer.frame(.binary, [1, 2, 3, 4, 5])
                    try await peer.sayEnd(end.0, sha256: end.1)
                } body: { url in
                    try await self.tail(url)
                }
            }
            #expect(error?.code == .badData)
        }
    }

    @Test("a stream that is removed ends it, and is not asked for again")
    func aborted() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHandsAsGateway()
                _ = try await peer.expectSubscribe()
                try await peer.saySubscribed(0)
                try await peer.say(#"{"type":"ERROR","code":"aborted","message":"The stream was removed."}"#)
            } body: { url in
                try await self.tail(url)
            }
        }
        #expect(error?.code == .noInput && error?.cause == .server(.aborted, isRetryable: false))
    }

    @Test("a server of the original system is not asked for what it does not know")
    func baseServer() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                #expect(try await peer.next() == .close(.normal))
            } body: { url in
                try await self.tail(url)
            }
        }
        #expect(error?.code == .unavailable && error?.sentence.contains("live tail") == true)
    }

    @Test("a file that has the beginning already is gone on with, and the whole is verified", arguments: [true, false])
    func file(isOfThisStream: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            var beginning = Array(Self.audio[..<90_000])
            if !isOfThisStream { beginning[17] ^= 1 }
            let path = try directory.write(beginning, to: "out")
            let outcome: Result<TailSummary, any Error>
            do {
                outcome = .success(
                    try await ScriptedServer.run { peer in
                        try await peer.shakeHandsAsGateway()
                        #expect(try await peer.expectSubscribe() == 90_000)
                        try await peer.saySubscribed(90_000)
                        try await peer.frame(.binary, Array(Self.audio[90_000...]))
                        try await peer.sayEnd(200_000, sha256: StreamHasher.sha256(Self.audio))
                    } body: { url in
                        try await TailManager(client: url.client())
                            .tail("stream-1", goingOnWith: GrowingFile(path, isResuming: true))
                    }
                )
            } catch {
                outcome = .failure(error)
            }
            let expected = try directory.write(beginning + Self.audio[90_000...], to: "expected")
            #expect(try await Verification.compare(expected, path).isEqual)
            switch outcome {
            case .success(let summary): #expect(isOfThisStream && summary.isVerified && summary.written == 110_000)
            case .failure(let error): #expect(!isOfThisStream && (error as? ClientError)?.code == .badData)
            }
        }
    }
}
