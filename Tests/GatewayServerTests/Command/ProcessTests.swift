import Foundation
import NIOCore
import TestSupport
import Testing
import Wire

@Suite(
    "The gateway as a process",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct ProcessTests {
    /// Starts a gateway over `cache` in a directory, that greets nobody.
    private func gateway(in directory: TemporaryDirectory) throws -> GatewayProcess {
        let configuration = #"{"greeting": "off", "listen": {"port": 0}, "backend": {"type": "mmap"}}"#
        try configuration.write(toFile: directory.file("gateway.json"), atomically: true, encoding: .utf8)
        return try GatewayProcess(["--config", directory.file("gateway.json"), "--log-level", "notice"], in: directory)
    }

    private func peer(of process: GatewayProcess) async throws -> RawPeer {
        let peer = try await RawPeer.connect(port: try await process.port())
        try await peer.upgrade()
        return peer
    }

    @Test(
        "killed in the middle of an upload, it has everything that could be read, and the upload goes on",
        arguments: 0..<3
    )
    func killed(round: Int) async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let bytes = sample(700_000, seed: UInt64(round))
            let known = 1 + round * 250_001
            do {
                let process = try self.gateway(in: directory)
                let peer = try await self.peer(of: process)
                try await peer.start("sealed")
                peer.upload(Array(bytes[..<1_000]))
                try await peer.stop("sealed")
                try await peer.start("open", #","contentType":"audio/mpeg""#)
                peer.upload(Array(bytes[..<known]))
                // Whoever has read a byte has it for good.
                #expect(try await peer.read("open", Int64(known) - 1, 1).isEqual(to: bytes, (known - 1)..<known))
                process.send(SIGKILL)
                #expect(await process.status() == -SIGKILL)
                await peer.drop()
            }
            let process = try self.gateway(in: directory)
            let peer = try await self.peer(of: process)
            #expect(try await peer.read("sealed", 0, 10_000).isEqual(to: bytes, 0..<1_000))
            let info = try await peer.info("open")
            #expect(info.state == "suspended" && info.size == Int64(known) && info.contentType == "audio/mpeg")
            let offset = Int(try #require(try await peer.start("open", #","resume":true"#).offset))
            #expect(offset == known)
            peer.upload(Array(bytes[offset...]))
            try await peer.stop("open", #","sha256":"\#(sha256(bytes))""#)
            #expect(try await peer.read("open", 0, 1 << 20).isEqual(to: bytes))
            await peer.drop()
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }

    @Test(
        "told to stop, it tells its uploads, ends with 0, and leaves nothing that has to be mended",
        arguments: [SIGTERM, SIGINT]
    )
    func terminated(signal: CInt) async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let process = try self.gateway(in: directory)
            let peer = try await self.peer(of: process)
            try await peer.start("open")
            peer.upload(sample(1_000))
            try await peer.settle()
            process.send(signal)
            try await peer.expectError(.shuttingDown)
            try await peer.expectClose(1_001)
            await peer.drop()
            #expect(await process.status() == 0)
            #expect(process.output.isEmpty)
            let names = TemporaryDirectory.names(in: directory.file("cache"))
            #expect(names == [".lock", "open.part"])
        }
    }

    @Test("an address or a directory that is in use ends with 69 and says by whom, or what to change")
    func inUse() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let process = try self.gateway(in: directory)
            let port = try await process.port()
            let second = try TemporaryDirectory()
            let address = try await GatewayProcess.run(["--port", "\(port)", "--cache-dir", "cache"], in: second)
            #expect(address.status == 69)
            #expect(address.errors.contains("--port"), "\(address.errors)")
            let cache = try await GatewayProcess.run(
                ["--port", "0", "--cache-dir", directory.file("cache")],
                in: second
            )
            #expect(cache.status == 69)
            #expect(cache.errors.contains(directory.file("cache")) && cache.errors.contains("in use by process"))
            try Data().write(to: URL(fileURLWithPath: second.file("file")))
            let file = try await GatewayProcess.run(["--port", "0", "--cache-dir", second.file("file")], in: second)
            #expect(file.status == 69)
            #expect(file.errors.contains(second.file("file")), "\(file.errors)")
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }
}
