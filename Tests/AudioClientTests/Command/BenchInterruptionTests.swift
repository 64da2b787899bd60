import Foundation
import Synchronization
import TestSupport
import Testing
import Wire

@testable import AudioClient

@Suite("A measurement that is interrupted leaves nothing in the gateway, or says what", .timeLimit(.minutes(5)))
struct BenchInterruptionTests {
    /// The names of streams, in the order in which the gateway heard of them.
    private final class Names: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { self.names.withLock { $0.append(name) } }
        var all: [String] { self.names.withLock { $0 } }
    }

    /// What a gateway does for a measurement until that has begun its first stream; no STOP is ever answered.
    private static func beginning(_ begun: Names) -> ScriptedServer.Script {
        { peer in
            try await peer.shakeHandsAsGateway()
            let start = try await peer.expectStart()
            try await peer.say(#"{"type":"STARTED","offset":0,"requestId":1}"#)
            begun.add(start.streamID)
        }
    }

    /// What it does for who removes a stream.
    private static func removal(_ asked: Names, answer: String?) -> ScriptedServer.Script {
        { peer in
            try await peer.shakeHandsAsGateway()
            asked.add(try await peer.expectDelete())
            if let answer { try await peer.say(answer) }
        }
    }

    private static func bench(_ mode: String, _ url: ServerURL) throws -> CommandProcess {
        try CommandProcess(
            "audio-client",
            ["bench", mode, "--tails", "0", "--size", "64KiB", "--removal-seconds", "60", "--server", url.text]
                // The gateway is a task among those of all tests, and may not get round to it for a while.
                + ["--connect-timeout-ms", "120000"]
        )
    }

    @Test("its stream is removed", arguments: ["upload", "download", "live"])
    func removed(_ mode: String) async throws {
        let (begun, asked) = (Names(), Names())
        let answer = #"{"type":"DELETED","requestId":1}"#
        try await ScriptedServer.inTurn([Self.beginning(begun), Self.removal(asked, answer: answer)]) { url in
            let client = try Self.bench(mode, url)
            try await eventually("a stream is begun") { !begun.all.isEmpty }
            client.send(SIGINT)
            #expect(await client.status() == 130, "\(client.errors)")
            #expect(client.errors.contains("audio-client: Interrupted."), "\(client.errors)")
            #expect(!client.errors.contains("left in the gateway"), "\(client.errors)")
        }
        #expect(asked.all == begun.all && asked.all.count == 1)
    }

    @Test("what can't be removed is named, with the command that removes it")
    func named() async throws {
        let (begun, asked) = (Names(), Names())
        let answer = #"{"type":"ERROR","code":"io","message":"The disk is gone.","requestId":1}"#
        try await ScriptedServer.inTurn([Self.beginning(begun), Self.removal(asked, answer: answer)]) { url in
            let client = try Self.bench("upload", url)
            try await eventually("a stream is begun") { !begun.all.isEmpty }
            client.send(SIGTERM)
            #expect(await client.status() == 130, "\(client.errors)")
            let name = try #require(begun.all.first)
            let command = "audio-client delete --server \(url.text) \(name)\n"
            #expect(client.errors.contains("A stream is left in the gateway: \(name)."), "\(client.errors)")
            #expect(client.errors.contains(command), "\(client.errors)")
            #expect(client.output.isEmpty)
        }
    }

    @Test("who does not wait for that presses Ctrl-C once more, and has read what was to be removed")
    func again() async throws {
        let (begun, asked) = (Names(), Names())
        try await ScriptedServer.inTurn([Self.beginning(begun), Self.removal(asked, answer: nil)]) { url in
            let client = try Self.bench("upload", url)
            client.send(SIGINT) { _ in !begun.all.isEmpty }
            // One that comes at once counts as the same: a signal may come twice.
            client.send(SIGINT, milliseconds: 250) { $0.errors.contains("removing ") && !asked.all.isEmpty }
            #expect(await client.status() == 130, "\(client.errors)")
            let name = try #require(begun.all.first)
            #expect(client.errors.contains("removing \(name)"), "\(client.errors)")
            #expect(!client.errors.contains("left in the gateway"), "\(client.errors)")
        }
    }
}
