import Foundation
import TestSupport
import Testing
import Wire

@testable import AudioClient

/// What takes long is far longer than any machine needs to take a signal.
@Suite("A command that is interrupted ends at once, with 130", .timeLimit(.minutes(5)))
struct InterruptionTests {
    @Test("the digest of a long file is given up, whatever it is taken for", arguments: [SIGINT, SIGTERM])
    func digest(_ signal: Int32) async throws {
        let directory = try TestSupport.TemporaryDirectory()
        let long = directory.file("long.wav")
        try #require(FileManager.default.createFile(atPath: long, contents: nil))
        let handle = try FileHandle(forUpdating: URL(filePath: long))
        try handle.truncate(atOffset: 256 << 30)
        try handle.close()
        // Nobody listens there, and none of them gets so far that it would matter.
        let place = ["--server", "ws://127.0.0.1:1/audio", "--retries", "1000"]
        for (arguments, sign) in [
            (["roundtrip", long, directory.file("back.wav")], "round trip"), (["upload", long], "upload"),
            (["tail", "stream-1", long, "--resume"], "tail"),
        ] {
            let client = try CommandProcess("audio-client", arguments + place)
            client.send(signal) { $0.errors.contains("audio-client: \(sign)") }
            #expect(await client.status() == 130, "\(arguments): \(client.errors)")
            #expect(client.errors.contains("audio-client: Interrupted."), "\(client.errors)")
        }
        #expect(directory.contents == ["long.wav"])
    }

    @Test("a question whether to delete has no answer then, and what was not deleted is named")
    func question() async throws {
        let scripts = [Self.info("stream-1"), Self.delete("stream-1"), Self.info("stream-2")]
        try await ScriptedServer.inTurn(scripts) { url in
            let terminal = try Terminal()
            let client = try CommandProcess(
                "audio-client",
                ["delete", "stream-1", "stream-2", "stream-3", "--server", url.text] + Self.patience,
                input: terminal.input
            )
            try await eventually("it asks about one") { client.errors.contains("Delete stream stream-1") }
            try terminal.type("y\n")
            try await eventually("it asks about another") { client.errors.contains("Delete stream stream-2") }
            client.send(SIGINT)
            #expect(await client.status() == 130, "\(client.errors)")
            #expect(client.output == "stream-1\n")
            #expect(client.errors.contains("delete --server \(url.text) stream-2 stream-3\n"), "\(client.errors)")
            try terminal.close()
        }
    }

    @Test("an answer that is typed ahead is that of its own question")
    func typedAhead() async throws {
        let scripts = [Self.info("stream-1"), Self.info("stream-2"), Self.delete("stream-2")]
        try await ScriptedServer.inTurn(scripts) { url in
            let terminal = try Terminal()
            try terminal.type("no\nYes\n")
            let client = try CommandProcess(
                "audio-client",
                ["delete", "stream-1", "stream-2", "--server", url.text] + Self.patience,
                input: terminal.input
            )
            #expect(await client.status() == 0, "\(client.errors)")
            #expect(client.output == "stream-2\n")
            try terminal.close()
        }
    }

    /// The gateway is a task among those of all tests, and may not get round to it for a while.
    private static let patience = ["--connect-timeout-ms", "120000", "--answer-timeout-ms", "120000"]

    /// What a gateway says to who asks about a stream.
    private static func info(_ id: String) -> ScriptedServer.Script {
        { peer in
            try await peer.shakeHandsAsGateway()
            #expect(try await peer.next() == .message(.info(streamID: id)))
            try await peer.say(#"{"type":"INFO","streamId":"\#(id)","state":"sealed","size":3,"requestId":1}"#)
        }
    }

    /// What it says to who deletes it.
    private static func delete(_ id: String) -> ScriptedServer.Script {
        { peer in
            try await peer.shakeHandsAsGateway()
            #expect(try await peer.expectDelete() == id)
            try await peer.say(#"{"type":"DELETED","streamId":"\#(id)","requestId":1}"#)
        }
    }
}
