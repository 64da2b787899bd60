import NIOCore
import Testing
import Wire

@testable import AudioClient

/// Throughput is of the bytes: a small file's would else be that of its connection.
@Suite("What a transfer's time is")
struct TransferTimeTests {
    private static let audio = Array(UploadConversationTests.audio.prefix(1_000))
    /// What the server takes before it accepts a connection, and before it lets it go.
    private static let delay = Duration.milliseconds(100)

    private func server(_ talk: @escaping ScriptedServer.Script) -> ScriptedServer.Script {
        { peer in
            try await peer.readRequest()
            try await Task.sleep(for: Self.delay)
            try await peer.shakeHands()
            try await talk(peer)
            guard case .close(let code) = try await peer.next() else {
                throw ScriptedPeer.Surprise(description: "no Close")
            }
            try await Task.sleep(for: Self.delay)
            try await peer.sayClose(code)
        }
    }

    @Test("an upload's is that from START to STOPPED")
    func upload() async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        let script = self.server { peer in
            try await peer.expectStart()
            try await peer.say(#"{"type":"STARTED"}"#)
            _ = try await peer.expectUpload()
            try await peer.say(#"{"type":"STOPPED"}"#)
        }
        let summary = try await ScriptedServer.run(script) { url in
            try await UploadManager(client: url.client()).upload(MemoryChunkSource(ByteBuffer(bytes: Self.audio)))
        }
        #expect(summary.duration > .zero)
        #expect(summary.duration + Self.delay * 2 <= clock.now - begin)
    }

    @Test("a download's is that from its first question to its last byte")
    func download() async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        let script = self.server { peer in
            try await peer.expectGet()
            try await peer.frame(.binary, Self.audio)
        }
        let (_, summary) = try await ScriptedServer.run(script) { url in
            try await DownloadManager(client: url.client()).download("stream-1", size: 1_000, into: MemorySink())
        }
        #expect(summary.duration > .zero)
        #expect(summary.duration + Self.delay * 2 <= clock.now - begin)
    }
}
