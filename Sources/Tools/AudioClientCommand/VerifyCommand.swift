import ArgumentParser
import AudioClient

/// `audio-client verify A B`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare two files by size, MD5 and SHA-256."
    )

    @Argument(help: "The file as it should be.")
    var expected: String

    @Argument(help: "The file to compare with it.")
    var found: String

    @OptionGroup
    var output: OutputOptions

    func run() async throws {
        let console = Console(self.output)
        let (expected, found) = (self.expected, self.found)
        try await console.run {
            let result = try await Verification.compare(expected, found)
            try console.result(VerificationDocument(result), lines: VerificationDocument.lines(result))
            if !result.isEqual { throw ExitCode(ClientError.Code.differs.rawValue) }
        }
    }
}
