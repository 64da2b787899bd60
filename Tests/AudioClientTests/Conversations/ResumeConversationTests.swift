import NIOCore
import Testing
import Wire

@testable import AudioClient

@Suite("Resuming, seen by the gateway")
struct ResumeConversationTests {
    private static let audio = UploadConversationTests.audio
    private static let digest = StreamHasher.sha256(UploadConversationTests.audio)

    private func upload(_ url: ServerURL, resumes: Bool = true, retries: Int = 3) async throws -> UploadSummary {
        var options = UploadOptions()
        options.resumes = resumes
        return try await UploadManager(client: url.client(retries: retries))
            .upload(MemoryChunkSource(ByteBuffer(bytes: Self.audio)), as: "stream-1", options: options) {
                () async throws(ClientError) in Self.digest
            }
    }

    @Test("an upload goes on with the first byte that the gateway does not have")
    func upload() async throws {
        let summary = try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            #expect(try await peer.expectStart().resume)
            try await peer.say(#"{"type":"STARTED","offset":100000,"epoch":4,"requestId":1}"#)
            let upload = try await peer.expectUpload()
            #expect(Array(upload.frames.joined()) == Array(Self.audio[100_000...]))
            #expect(upload.sha256 == Self.digest)
            try await peer.say(#"{"type":"STOPPED","size":150000,"requestId":1}"#)
        } body: { url in
            try await self.upload(url)
        }
        #expect(summary.size == 150_000 && summary.resumptions == 0)
    }

    /// What an upload is told that finds its name taken by a sealed stream.
    private func refusal(ofSealed info: String) async -> ClientError? {
        await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHandsAsGateway()
                try await peer.expectStart()
                try await peer.say(#"{"type":"ERROR","code":"stream_exists","message":"Sealed.","requestId":1}"#)
                try await peer.expectInfo()
                try await peer.say(info)
            } body: { url in
                try await self.upload(url)
            }
        }
    }

    @Test("a stream that is longer than the file, or sealed with other bytes, is not touched")
    func anotherStream() async throws {
        let longer = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHandsAsGateway()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED","offset":150001,"requestId":1}"#)
                #expect(try await peer.next() == .close(.normal))
            } body: { url in
                try await self.upload(url)
            }
        }
        #expect(longer?.code == .badData)
        let sealed = await self.refusal(
            ofSealed:
                #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":150000,"sha256":"00","requestId":1}"#
        )
        #expect(sealed?.code == .cannotCreate)
    }

    @Test("a sealed stream of the same length is not taken for this file where no digest says so")
    func noDigest() async throws {
        let error = await self.refusal(
            ofSealed: #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":150000,"requestId":1}"#
        )
        #expect(error?.code == .cannotCreate)
    }

    @Test("before STARTED nothing is ours: the next START does not go on with what somebody else may have begun")
    func beforeStarted() async throws {
        _ = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await !peer.expectStart().resume)
                try await peer.drop()
            },
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await !peer.expectStart().resume)
                try await peer.say(#"{"type":"STARTED","offset":0,"requestId":1}"#)
                #expect(try await peer.expectUpload().frames.joined().count == 150_000)
                try await peer.say(#"{"type":"STOPPED","requestId":1}"#)
            },
        ]) { url in
            try await self.upload(url, resumes: false)
        }
    }

    @Test("a server of the original system can't resume, and is not sent a byte")
    func baseServer() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                #expect(try await peer.next() == .close(.normal))
            } body: { url in
                try await self.upload(url)
            }
        }
        #expect(error?.code == .unavailable)
    }

    @Test(
        "a download asks for what the file does not have, and verifies the whole",
        arguments: [0, 1, 65_536, 149_999, 150_000]
    )
    func download(have: Int) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(Array(Self.audio[..<have]), to: "out")
            let summary = try await self.download(to: path, sha256: Self.digest)
            #expect(summary.size == 150_000 && summary.offset == Int64(have))
            let expected = try directory.write(Self.audio, to: "expected")
            #expect(try await Verification.compare(expected, path).isEqual)
        }
    }

    @Test("a file of another stream is told, and is left as it was where it is too long")
    func anotherFile() async throws {
        try await TemporaryDirectory.with { directory in
            let wrong = try directory.write([UInt8](repeating: 0, count: 1_000), to: "wrong")
            let mismatch = await clientError { _ = try await self.download(to: wrong, sha256: Self.digest) }
            #expect(mismatch?.code == .badData && mismatch?.remedy.contains(wrong) == true)
            let long = try directory.write([UInt8](repeating: 0, count: 150_001), to: "long")
            let same = try directory.write([UInt8](repeating: 0, count: 150_001), to: "same")
            let tooLong = await clientError { _ = try await self.download(to: long, sha256: Self.digest) }
            #expect(tooLong?.code == .badData)
            #expect(try await Verification.compare(long, same).isEqual)
        }
    }

    private func download(to path: String, sha256: String) async throws -> DownloadSummary {
        let have = try FileChunkSource(path: path).size ?? 0
        return try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            try await peer.expectInfo()
            try await peer.say(
                #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":150000,"sha256":"\#(sha256)","requestId":1}"#
            )
            var next = have
            while case .message(.get(let get)) = try await peer.next() {
                #expect(get.offset == next)
                next += get.length
                try await peer.frame(.binary, Array(Self.audio[Int(get.offset)..<Int(next)]))
            }
        } body: { url in
            try await DownloadManager(client: url.client())
                .download("stream-1", goingOnWith: GrowingFile(path, isResuming: true))
        }
    }

    @Test("a file is written by one at a time, and not over what it has unless that is asked for")
    func files() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write([1, 2, 3], to: "out")
            #expect(throws: ClientError.self) { try GrowingFile(path, isResuming: false) }
            let file = try GrowingFile(path, isResuming: true)
            #expect(file.size == 3)
            #expect(throws: ClientError.self) { try GrowingFile(path, isResuming: true) }
            let new = try GrowingFile("\(directory.path)/new", isResuming: false)
            #expect(new.size == 0 && file.path == path)
        }
    }
}
