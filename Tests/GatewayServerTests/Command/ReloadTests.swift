import AudioClient
import Foundation
import GatewayServer
import TestSupport
import Testing
import Wire

@Suite(
    "A gateway that is told to read its configuration again",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct ReloadTests {
    private static let oldToken = "old-token-of-the-reload-test"
    private static let newToken = "new-token-of-the-reload-test"

    private func write(tokens: String, to path: String) throws {
        try tokens.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private func write(_ more: String, tokens: String, directory: String = "cache", to path: String) throws {
        let text = """
            {"greeting": "off", "listen": {"port": 0}, "security": {"tokenFile": "\(tokens)"}\(more),
             "backend": {"type": "mmap", "directory": "\(directory)"}}
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Sends SIGHUP and waits until the log says something new.
    private func reload(_ process: GatewayProcess, until text: String) async throws {
        let before = process.errors.count
        process.send(SIGHUP)
        while !process.errors.dropFirst(before).contains(text) {
            guard process.isRunning else { throw RawPeer.Surprise("the gateway ended: \(process.errors)") }
            await Task.yield()
        }
    }

    /// A peer with the new token, once there is room for it: the gateway may let go of another one a moment after that
    /// has gone.
    private func admitted(_ port: Int) async throws -> RawPeer {
        while true {
            let peer = try await RawPeer.connect(port: port)
            peer.send(RawPeer.upgradeRequest([("Authorization", "Bearer \(Self.newToken)")]))
            let head = try await peer.head()
            if head.status == 101 { return peer }
            guard head.status == 503 else { throw RawPeer.Surprise("status \(head.status)") }
            await peer.drop()
        }
    }

    @Test("new tokens and limits hold for who comes, withdrawn tokens end who is there, and the rest go on")
    func reloaded() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let (file, tokens) = (directory.file("gateway.json"), directory.file("tokens"))
            try self.write(tokens: "old admin \(Self.oldToken)\nstays admin stays-\(Self.oldToken)\n", to: tokens)
            try self.write("", tokens: tokens, to: file)
            let process = try GatewayProcess(["--config", file, "--log-level", "notice"], in: directory)
            let port = try await process.port()
            let old = try await RawPeer.connect(port: port)
            try await old.upgrade([("Authorization", "Bearer \(Self.oldToken)")])
            let stays = try await RawPeer.connect(port: port)
            try await stays.upgrade([("Authorization", "Bearer stays-\(Self.oldToken)")])
            try await stays.start("through")
            stays.upload([1, 2, 3])

            // Wrong in one place, nothing of it comes into force.
            try self.write(#", "limits": {"maxConections": 1}"#, tokens: tokens, to: file)
            try self.write(tokens: "new admin \(Self.newToken)\n", to: tokens)
            try await self.reload(process, until: "configuration refused")
            #expect(process.errors.contains("limits.maxConections"))
            try await old.settle()

            try self.write(tokens: "new admin \(Self.newToken)\nstays read,write stays-\(Self.oldToken)\n", to: tokens)
            let more = #", "log": {"format": "json"}, "limits": {"maxConnections": 2, "shutdownDelaySeconds": 1}"#
            try self.write(more, tokens: tokens, directory: "elsewhere", to: file)
            try await self.reload(process, until: "needs a restart")
            for key in ["backend.directory", "log.format", "limits.shutdownDelaySeconds"] {
                #expect(process.errors.contains(key))
            }
            old.say(#"{"type":"PING"}"#)
            #expect(try await old.expectClose(1_008).contains("withdrawn"))
            await old.drop()
            stays.upload([4])
            try await stays.stop("through")
            #expect(try await stays.read("through", 0, 10).isEqual(to: [1, 2, 3, 4]))
            // Its rights are the new ones.
            stays.say(#"{"type":"LIST"}"#)
            try await stays.expectError(.unauthorized)

            let late = try await RawPeer.connect(port: port)
            late.send(RawPeer.upgradeRequest([("Authorization", "Bearer \(Self.oldToken)")]))
            #expect(try await late.head().status == 401)
            let new = try await self.admitted(port)
            let third = try await RawPeer.connect(port: port)
            third.send(RawPeer.upgradeRequest([("Authorization", "Bearer \(Self.newToken)")]))
            let (head, body) = try await third.response()
            #expect(head.status == 503 && body.contains("limits.maxConnections"))
            for peer in [stays, late, new, third] { await peer.drop() }
            process.send(SIGTERM)
            #expect(await process.status() == 0)
            #expect(!process.errors.contains(Self.newToken) && !process.errors.contains(Self.oldToken))
        }
    }

    @Test("a new certificate is shown to who comes, and who is there goes on under the old one")
    func certificates() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let old = try TestCertificates("old", in: directory)
            let new = try TestCertificates("new", in: directory)
            let tls = try old.server()
            let file = directory.file("gateway.json")
            let text = """
                {"greeting": "off", "backend": {"type": "mmap"},
                 "listen": {"port": 0, "tlsCertificate": "\(tls.certificate)", "tlsKey": "\(tls.key)"}}
                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let process = try GatewayProcess(["--config", file, "--log-level", "notice"], in: directory)
            let port = try await process.port()
            #expect(process.errors.contains("wss://"))
            func client(_ certificates: TestCertificates) throws -> WebSocketClient {
                var configuration = ClientConfiguration()
                configuration.certificateAuthorities = certificates.authority
                configuration.backoff.maximumRetries = 0
                return try WebSocketClient(
                    server: ServerURL("wss://127.0.0.1:\(port)/audio"),
                    configuration: configuration
                )
            }
            let connection = try await client(old).connect()
            // A key that is not the certificate's changes nothing.
            _ = try new.server(file: "unused")
            try FileManager.default.removeItem(atPath: tls.key)
            try FileManager.default.copyItem(atPath: directory.file("unused.key"), toPath: tls.key)
            try await self.reload(process, until: "configuration refused")
            try await client(old).withConnection { _ in }

            _ = try new.server()
            try await self.reload(process, until: "configuration read again")
            try await client(new).withConnection { _ in }
            await #expect(throws: ClientError.self) { try await client(old).withConnection { _ in } }
            _ = try await connection.ask(.ping, for: .pong, name: "asking whether it works")
            await connection.close()
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }
}
