import NIOCore
import Testing
import Wire

@testable import AudioClient

// What goes wrong, and how the client gets over it or says so.
extension UploadConversationTests {
    @Test("a refusal says what the server says, and keeps its kind")
    func refusals() async throws {
        let refusals: [(String, ClientError.Code)] = [
            (#"{"type":"ERROR","code":"stream_exists","message":"there is one"}"#, .cannotCreate),
            (#"{"type":"error","message":"Disk on fire"}"#, .unavailable),
            (#"{"type":"ERROR","code":"bad_message","message":"what?"}"#, .violation),
        ]
        for (answer, code) in refusals {
            let error = await clientError {
                _ = try await ScriptedServer.run { peer in
                    try await peer.shakeHands()
                    try await peer.expectStart()
                    try await peer.say(answer)
                } body: { url in
                    try await self.upload(to: url)
                }
            }
            #expect(error?.code == code)
            #expect(error?.sentence.contains("stream-1") == true)
        }
    }

    @Test("an ERROR in the middle of an upload ends it")
    func errorWhileSending() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED"}"#)
                _ = try await peer.next()
                try await peer.say(#"{"type":"ERROR","code":"storage_full","message":"No room."}"#)
            } body: { url in
                try await self.upload([UInt8](repeating: 7, count: 30 << 20), to: url)
            }
        }
        #expect(error?.cause == .server(.storageFull, isRetryable: false))
    }

    @Test("a server that takes no big frames gets smaller ones, and the user is told", arguments: [true, false])
    func smallerChunks(saysWhy: Bool) async throws {
        let events = Events()
        let summary = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHands()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED"}"#)
                _ = try await peer.next()
                if saysWhy { try await peer.sayClose(.messageTooBig) } else { try await peer.drop() }
            },
            { peer in
                try await peer.shakeHands()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED"}"#)
                let upload = try await peer.expectUpload()
                #expect(upload.frames.dropLast().allSatisfy { $0.count == 16_384 })
                #expect(Array(upload.frames.joined()) == Self.audio, "the upload begins anew")
                try await peer.say(#"{"type":"STOPPED"}"#)
            },
        ]) { url in
            try await self.upload(to: url, as: nil, events: events)
        }
        #expect(summary.chunkSize == 16_384)
        #expect(summary.size == 150_000)
        #expect(events.notices.count == 1)
        #expect(events.notices.first?.contains("16384") == true)
    }

    @Test("smaller chunks are tried once")
    func smallerChunksOnce() async throws {
        let script: ScriptedServer.Script = { peer in
            try await peer.shakeHands()
            try await peer.expectStart()
            try await peer.say(#"{"type":"STARTED"}"#)
            _ = try await peer.next()
            try await peer.sayClose(.messageTooBig)
        }
        let error = await clientError {
            _ = try await ScriptedServer.inTurn([script, script]) { url in try await self.upload(to: url) }
        }
        #expect(error?.isOfTheConnection == true)
    }

    @Test("an upload to a server of ours goes on where a broken connection left it")
    func resume() async throws {
        let events = Events()
        let summary = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHands(server: ServerIdentity.headerValue)
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED","offset":0}"#)
                _ = try await peer.next()
                try await peer.drop()
            },
            { peer in
                try await peer.shakeHands(server: ServerIdentity.headerValue)
                let start = try await peer.expectStart()
                #expect(start.resume)
                #expect(start.streamID == "stream-1")
                try await peer.say(#"{"type":"STARTED","offset":65536,"epoch":2}"#)
                let upload = try await peer.expectUpload()
                #expect(Array(upload.frames.joined()) == Array(Self.audio[65_536...]))
                try await peer.say(#"{"type":"STOPPED","size":150000}"#)
            },
        ]) { url in
            try await self.upload(to: url, events: events, retries: 3)
        }
        #expect(summary.resumptions == 1)
        #expect(summary.size == 150_000)
        #expect(events.notices.count == 1)
    }

    @Test("an upload whose last answer got lost is found to be done")
    func resumeOfASealedStream() async throws {
        let summary = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHands(server: ServerIdentity.headerValue)
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED","offset":0}"#)
                _ = try await peer.expectUpload()
                try await peer.drop()
            },
            { peer in
                try await peer.shakeHands(server: ServerIdentity.headerValue)
                try await peer.expectStart()
                try await peer.say(#"{"type":"ERROR","code":"stream_exists","message":"sealed"}"#)
                try await peer.expectInfo()
                try await peer.say(
                    #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":150000,"sha256":"ab"}"#
                )
            },
        ]) { url in
            try await self.upload(to: url, retries: 3)
        }
        #expect(summary.sha256 == "ab")
    }

    @Test("a server that never answers is given up on in time")
    func timeout() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.expectStart()
            } body: { url in
                let client = try url.client(answerTimeout: .milliseconds(50))
                return try await UploadManager(client: client).upload(MemoryChunkSource(ByteBuffer()), as: "stream-1")
            }
        }
        #expect(error?.cause == .timedOut)
        #expect(error?.code == .unavailable)
        #expect(error?.sentence.contains("starting stream stream-1") == true)
    }

    @Test("a server that stops reading is given up on in time")
    func stalledWriter() async throws {
        let (isOver, over) = AsyncStream<Void>.makeStream()
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED"}"#)
                // Reads nothing for as long as the client holds on; the buffers are far smaller than the upload.
                for await _ in isOver {}
            } body: { url in
                defer { over.finish() }
                let source = MemoryChunkSource(ByteBuffer(repeating: 1, count: 65_536), repeatedTo: 64 << 20)
                let client = try url.client(answerTimeout: .milliseconds(200))
                return try await UploadManager(client: client).upload(source, as: "stream-1")
            }
        }
        #expect(error?.cause == .timedOut)
    }

    /// Where in the upload the task is cancelled.
    enum Moment: CaseIterable {
        case beforeStarted, whileSending
    }

    @Test("a cancelled upload ends at once, says so, and is not tried again", arguments: Moment.allCases)
    func cancellation(_ moment: Moment) async throws {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        let (isOver, over) = AsyncStream<Void>.makeStream()
        let events = Events()
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands(server: ServerIdentity.headerValue)
                try await peer.expectStart()
                if moment == .whileSending {
                    try await peer.say(#"{"type":"STARTED"}"#)
                    _ = try await peer.next()
                }
                signal.yield()
                for await _ in isOver {}
            } body: { url in
                defer { over.finish() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let bytes = [UInt8](repeating: 1, count: 64 << 20)
                        _ = try await self.upload(bytes, to: url, events: events, retries: 3)
                    }
                    var iterator = reached.makeAsyncIterator()
                    _ = await iterator.next()
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }
        #expect(error?.cause == .cancelled)
        #expect(events.notices.isEmpty)
    }
}
