import Foundation
import TestSupport
import Testing
import Wire

@Suite(
    "A gateway that is handed a socket",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct SocketActivationTests {
    @Test("who comes before it is there, or while it starts again, is served")
    func waiting() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let socket = try ListeningSocket()
            for round in 0..<2 {
                let early = try await RawPeer.connect(port: socket.port)
                early.request("GET", "/livez")
                // What the command line says of the place is not looked at.
                let process = try GatewayProcess(["--port", "1"], in: directory, socket: socket.handle)
                let answer = try await early.answer()
                #expect(answer.status == 200 && answer["date"]?.hasSuffix(" GMT") == true)
                #expect(try await process.port() == socket.port)
                let peer = try await RawPeer.connect(port: socket.port)
                try await peer.upgrade()
                try await peer.start("stream-\(round)")
                peer.upload(sample(100_000))
                try await peer.stop("stream-\(round)")
                #expect(try await peer.read("stream-0", 0, 1 << 20).isEqual(to: sample(100_000)))
                try await peer.start("open-\(round)")
                process.send(SIGTERM)
                // The end is as orderly as with an address of its own.
                try await peer.expectError(.shuttingDown)
                try await peer.expectClose(1_001)
                await peer.drop()
                await early.drop()
                #expect(await process.status() == 0, "\(process.errors)")
            }
        }
    }

    @Test("it is checked like the address of the configuration: others are not served without tokens")
    func exposure() async throws {
        try await Slots.run {
            let socket = try ListeningSocket("0.0.0.0")
            let refused = try await GatewayProcess.run([], in: try TemporaryDirectory(), socket: socket.handle)
            #expect(refused.status == 78 && refused.errors.contains("0.0.0.0"), "\(refused)")
            #expect(refused.errors.contains("(the socket of LISTEN_FDS)"), "\(refused)")
        }
    }

    @Test("what is no single listening socket is refused, and it is said what to do")
    func refusals() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let socket = try ListeningSocket()
            let two = try await GatewayProcess.run(
                [],
                in: directory,
                environment: ["LISTEN_FDS": "2"],
                socket: socket.handle
            )
            #expect(two.status == 78, "\(two)")
            #expect(two.errors.contains("LISTEN_FDS: found \"2\"; accepted: 1"), "\(two)")
            let bound = try ListeningSocket(listens: false)
            let silent = try await GatewayProcess.run([], in: directory, socket: bound.handle)
            #expect(silent.status == 78 && silent.errors.contains("a socket that does not listen"), "\(silent)")
            let file = try await GatewayProcess.run([], in: directory, socket: FileHandle.nullDevice)
            #expect(file.status == 78 && file.errors.contains("descriptor 3, which is no socket"), "\(file)")
        }
    }

    @Test("what is handed over to another process is left alone")
    func another() async throws {
        try await Slots.run {
            let socket = try ListeningSocket()
            let process = try GatewayProcess(
                ["--port", "0"],
                in: try TemporaryDirectory(),
                environment: ["LISTEN_PID": "1"],
                socket: socket.handle
            )
            #expect(try await process.port() != socket.port)
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }
}
