import Foundation
import TestSupport
import Testing

@testable import GatewayServer

@Suite(
    "Asking a gateway with a certificate how it is",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct HealthcheckProcessTests {
    /// Runs a gateway with a certificate, and asks it: by its configuration, and by its URL with what is given.
    private func asked(
        _ tls: GatewayConfiguration.TLS,
        in directory: TemporaryDirectory,
        _ body: (_ ask: ([String]) async throws -> (status: Int32?, output: String, errors: String), Int) async throws
            -> Void
    ) async throws {
        let config = directory.file("gateway.json")
        try #"""
        {
          "listen": {"tlsCertificate": "\#(tls.certificate)", "tlsKey": "\#(tls.key)"},
          "backend": {"type": "mmap", "directory": "\#(directory.file("cache"))"}
        }
        """#.write(toFile: config, atomically: true, encoding: .utf8)
        let process = try GatewayProcess(["--config", config, "--port", "0"], in: directory)
        let port = try await process.port()
        while process.isRunning, !process.errors.contains(" ready\n") { await Task.yield() }
        try await body(
            { try await GatewayProcess.run(["healthcheck"] + $0, in: try TemporaryDirectory()) },
            port
        )
        let configured = try await GatewayProcess.run(
            ["healthcheck", "--config", config, "--port", "\(port)"],
            in: try TemporaryDirectory()
        )
        #expect(configured.status == 0 && configured.output == "{\"status\":\"ready\"}\n", "\(configured)")
        process.send(SIGTERM)
        #expect(await process.status() == 0)
    }

    @Test("one that an authority vouches for is taken by the gateway's configuration, and where the authority is named")
    func authority() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let authority = try TestCertificates("ours", in: directory)
            let other = try TestCertificates("other", in: directory)
            try await self.asked(authority.server(), in: directory) { ask, port in
                let url = "https://127.0.0.1:\(port)/livez"
                let trusted = try await ask(["--url", url, "--ca-file", authority.authority])
                #expect(trusted.status == 0, "\(trusted)")
                for arguments in [[], ["--ca-file", other.authority]] {
                    let distrusted = try await ask(["--url", url] + arguments)
                    #expect(distrusted.status == 1 && distrusted.errors.contains("--ca-file"), "\(distrusted)")
                }
                let plain = try await ask(["--url", "http://127.0.0.1:\(port)/livez"])
                #expect(plain.status == 1, "\(plain)")
            }
        }
    }

    @Test("one that vouches for itself is taken where it is named, and by the gateway's configuration")
    func selfSigned() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let tls = try TestCertificates.selfSigned(in: directory)
            try await self.asked(tls, in: directory) { ask, port in
                let trusted = try await ask(["--url", "https://127.0.0.1:\(port)", "--ca-file", tls.certificate])
                #expect(trusted.status == 0, "\(trusted)")
                let distrusted = try await ask(["--url", "https://127.0.0.1:\(port)"])
                #expect(distrusted.status == 1, "\(distrusted)")
            }
        }
    }

    @Test("one for another host is refused by its URL, and taken by the gateway's configuration")
    func otherHost() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let authority = try TestCertificates("ours", in: directory)
            try await self.asked(authority.server(names: ["studio.example"]), in: directory) { ask, port in
                let arguments = ["--url", "https://127.0.0.1:\(port)", "--ca-file", authority.authority]
                let distrusted = try await ask(arguments)
                #expect(distrusted.status == 1 && distrusted.errors.contains("another host"), "\(distrusted)")
            }
        }
    }

    @Test("authorities that can't be read are refused, and so are authorities for plain HTTP")
    func badAuthorities() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let file = directory.file("empty.pem")
            try "".write(toFile: file, atomically: true, encoding: .utf8)
            for path in [file, directory.file("none.pem")] {
                let refused = try await GatewayProcess.run(
                    ["healthcheck", "--url", "https://127.0.0.1:1", "--ca-file", path],
                    in: directory
                )
                #expect(refused.status == 78 && refused.errors.contains(path), "\(refused)")
            }
            for url in [["--url", "http://127.0.0.1:1"], []] {
                let refused = try await GatewayProcess.run(["healthcheck", "--ca-file", file] + url, in: directory)
                #expect(refused.status == 64, "\(refused)")
            }
        }
    }
}
