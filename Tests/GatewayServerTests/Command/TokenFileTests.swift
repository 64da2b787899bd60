import Foundation
import TestSupport
import Testing

@Suite(
    "Tokens of the gateway as a process",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct TokenFileTests {
    private static let token = "token-of-the-process-test"

    private func write(_ text: String, mode: Int, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func configuration(_ security: String, host: String = "127.0.0.1", to path: String) throws {
        let text = #"{"greeting": "off", "listen": {"port": 0, "host": "\#(host)"}, "security": \#(security)}"#
        let whole = text.dropLast() + #", "backend": {"type": "mmap"}}"#
        try String(whole).write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("tokens are read from a file, which never shows in the output, and let in who has one")
    func served() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let tokens = directory.file("tokens")
            try self.write("player read \(Self.token)\n", mode: 0o600, to: tokens)
            let file = directory.file("gateway.json")
            try self.configuration(#"{"tokenFile": "\#(tokens)"}"#, to: file)
            let check = try await GatewayProcess.run(["--config", file, "--check-config"], in: directory)
            #expect(check.status == 0 && !check.output.contains(Self.token), "\(check)")
            let process = try GatewayProcess(["--config", file, "--log-level", "trace"], in: directory)
            let port = try await process.port()
            let stranger = try await RawPeer.connect(port: port)
            stranger.send(RawPeer.upgradeRequest([("Authorization", "Bearer wrong-\(Self.token)")]))
            #expect(try await stranger.head().status == 401)
            let peer = try await RawPeer.connect(port: port)
            try await peer.upgrade([("Authorization", "Bearer \(Self.token)")])
            try await peer.settle()
            await peer.drop()
            await stranger.drop()
            process.send(SIGTERM)
            #expect(await process.status() == 0)
            #expect(!process.errors.contains(Self.token) && process.errors.contains("wrong token"), "\(process.errors)")
        }
    }

    @Test("a token file that others may open, that is none or that is not there ends with 78 and what to do")
    func refused() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let file = directory.file("gateway.json")
            let tokens = directory.file("tokens")
            try self.configuration(#"{"tokenFile": "\#(tokens)"}"#, to: file)
            func errors() async throws -> String {
                let result = try await GatewayProcess.run(["--config", file, "--check-config"], in: directory)
                #expect(result.status == 78)
                #expect(!result.errors.contains(Self.token))
                return result.errors
            }
            #expect(try await errors().contains("can't be read"))
            try self.write("player read \(Self.token)\n", mode: 0o640, to: tokens)
            #expect(try await errors().contains("chmod 600"))
            try self.write("player reed \(Self.token)\n", mode: 0o600, to: tokens)
            let bad = try await errors()
            #expect(bad.contains("\(tokens): line 1:") && bad.contains("rights"), "\(bad)")
            try FileManager.default.removeItem(atPath: tokens)
            #expect(mkfifo(tokens, 0o600) == 0)
            #expect(try await errors().contains("no regular file"))
            try self.configuration(#"{"tokenVariable": "NO_SUCH_TOKENS"}"#, to: file)
            #expect(try await errors().contains("NO_SUCH_TOKENS"))
        }
    }

    @Test("an address that others reach is not served without tokens, unless that is said to be meant")
    func exposed() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let file = directory.file("gateway.json")
            for (host, security, status) in [
                ("0.0.0.0", "{}", 78), ("::", #"{"insecure": false}"#, 78), ("0.0.0.0", #"{"insecure": true}"#, 0),
            ] as [(String, String, Int32)] {
                try self.configuration(security, host: host, to: file)
                let result = try await GatewayProcess.run(["--config", file, "--check-config"], in: directory)
                #expect(result.status == status)
                guard status != 0 else { continue }
                #expect(result.errors.contains("listen.host") && result.errors.contains("security.tokenFile"))
            }
            try self.configuration("{}", to: file)
            let flag = try await GatewayProcess.run(
                ["--config", file, "--check-config", "--host", "0.0.0.0"],
                in: directory
            )
            #expect(flag.status == 78 && flag.errors.contains("--host"), "\(flag.errors)")
        }
    }

    @Test("what the gateway writes, nobody else can open")
    func modes() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let file = directory.file("gateway.json")
            try self.configuration("{}", to: file)
            let process = try GatewayProcess(["--config", file], in: directory)
            let peer = try await RawPeer.connect(port: try await process.port())
            try await peer.upgrade()
            try await peer.start("sealed")
            peer.upload([1, 2, 3])
            try await peer.stop("sealed")
            try await peer.start("open")
            peer.upload([1, 2, 3])
            try await peer.settle()
            let cache = directory.file("cache")
            var modes = [try FileManager.default.attributesOfItem(atPath: cache)[.posixPermissions] as? Int]
            for name in TemporaryDirectory.names(in: cache) {
                modes.append(
                    try FileManager.default.attributesOfItem(atPath: "\(cache)/\(name)")[.posixPermissions] as? Int
                )
            }
            #expect(modes == [0o700, 0o600, 0o600, 0o600])
            await peer.drop()
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }
}
