import AudioClient
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("Round trips with the reference client", .timeLimit(.minutes(5)))
struct RoundTripTests {
    private func roundTrip(_ input: String, _ gateway: TestGateway) async throws -> RoundTrip.Report {
        let output = gateway.directory.file("out")
        let report = try await RoundTrip(client: gateway.client()).run(input: input, output: output)
        // Compared without the client's help, too.
        let (sent, received) = (
            FileManager.default.contents(atPath: input), FileManager.default.contents(atPath: output)
        )
        try #require(sent != nil && sent == received)
        return report
    }

    @Test(
        "what was uploaded comes back, to the byte",
        arguments: [0, 1, 65_535, 65_536, 65_537, (16 << 20) - 1, 16 << 20, (16 << 20) + 1]
    )
    func sizes(size: Int) async throws {
        try await TestGateway.run { gateway in
            let input = gateway.directory.file("in")
            let part = sample(min(size, 1 << 20))
            var bytes = Data(capacity: size)
            while bytes.count < size { bytes.append(contentsOf: part.prefix(size - bytes.count)) }
            try bytes.write(to: URL(fileURLWithPath: input))
            let report = try await self.roundTrip(input, gateway)
            #expect(report.verification.isEqual)
            #expect(report.upload.size == Int64(size) && report.download.size == Int64(size))
            #expect(report.upload.resumptions == 0 && report.download.resumptions == 0)
            #expect(report.upload.isOurGateway)
        }
    }

    @Test("music comes back as it was", arguments: ["hello.mp3", "hello.opus"])
    func music(name: String) async throws {
        let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../Samples"
        )
        try await TestGateway.run { gateway in
            let report = try await self.roundTrip(samples.appendingPathComponent(name).standardized.path, gateway)
            #expect(report.verification.isEqual && report.upload.size > 1_000)
        }
    }

    @Test("a generated WAV comes back as it was")
    func wav() async throws {
        try await TestGateway.run { gateway in
            let input = gateway.directory.file("in.wav")
            try Data(SampleAudio.wav(seconds: 2)).write(to: URL(fileURLWithPath: input))
            let report = try await self.roundTrip(input, gateway)
            #expect(report.verification.isEqual && report.upload.size == 384_044)
            let info = try await gateway.peer().info(report.upload.streamID)
            #expect(info.state == "sealed" && info.sha256 == report.verification.expected.sha256)
        }
    }

    @Test("a hundred streams at once come back each as itself")
    func hundred() async throws {
        try await TestGateway.run { gateway in
            let client = try gateway.client()
            let names = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let bytes = sample(70_000 + number, seed: UInt64(number))
                        let upload = try await UploadManager(client: client).upload(
                            MemoryChunkSource(ByteBuffer(bytes: bytes)),
                            as: "hundred-\(number)"
                        )
                        let (sink, _) = try await DownloadManager(client: client).download(
                            upload.streamID,
                            into: MemorySink()
                        )
                        try #require(sink.bytes.isEqual(to: bytes), "stream \(number)")
                        return upload.streamID
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(names.count == 100)
        }
    }
}

extension TestGateway {
    /// A client that does not give up because the machine is busy.
    func client() throws -> WebSocketClient {
        var configuration = ClientConfiguration()
        configuration.connectTimeout = .seconds(30)
        configuration.handshakeTimeout = .seconds(30)
        configuration.answerTimeout = .seconds(30)
        return try WebSocketClient(server: ServerURL("ws://127.0.0.1:\(self.port)/audio"), configuration: configuration)
    }
}
