import ArgumentParser
import AudioClient

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `audio-client roundtrip [INPUT] [OUTPUT]`
struct RoundTripCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roundtrip",
        abstract: "Upload a file, download it, and compare size, MD5 and SHA-256.",
        discussion: """
            Where no server is given and nobody listens at the default address, a gateway is started inside this \
            process, over a temporary directory.
            """
    )

    @Argument(help: "The file to upload (default: a few seconds of tones, in a temporary file).")
    var input: String?

    @Argument(help: "The file to download to (default: a temporary one).")
    var output: String?

    @OptionGroup
    var options: ServerOptions

    func run() async throws {
        let session = Session(self.options)
        let (input, output) = (self.input, self.output)
        try await session.console.run {
            let isEqual = try await TemporaryDirectory.with { directory in
                let source = try input ?? Self.writeSample(in: directory)
                let size = try FileChunkSource(path: source).size
                let target = output ?? "\(directory.path)/output"
                return try await session.withClient(orElse: { try await EmbeddedGateway.run($0) }) {
                    client,
                    isEmbedded in
                    session.console.begin("round trip", total: size.map { 2 * $0 })
                    let report = try await RoundTrip(client: client).run(input: source, output: target)
                    session.console.endStep()
                    try session.console.result(
                        RoundTripDocument(report, server: client.server, isEmbedded: isEmbedded),
                        lines: RoundTripDocument.lines(report)
                    )
                    return report.verification.isEqual
                }
            }
            if !isEqual { throw ExitCode(ClientError.Code.differs.rawValue) }
        }
    }

    private static func writeSample(in directory: TemporaryDirectory) throws -> String {
        let path = "\(directory.path)/sample.wav"
        try Data(SampleAudio.wav(seconds: 6)).write(to: URL(filePath: path))
        return path
    }
}
