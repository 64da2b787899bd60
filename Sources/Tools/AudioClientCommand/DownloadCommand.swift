import ArgumentParser
import AudioClient
import CacheProtocol

/// `audio-client download ID [OUTPUT]`
struct DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download a stream, and print the name of the file.",
        discussion: "The file has its name only once it is complete; until then it is a hidden one beside it."
    )

    @Argument(help: "The stream's id.")
    var id: String

    @Argument(help: "The file to write; one that is there is replaced (default: ID.audio).")
    var output: String?

    @OptionGroup
    var options: ServerOptions

    func run() async throws {
        let session = Session(self.options)
        let (id, output) = (self.id, self.output)
        try await session.console.run {
            // Only a checked id may become the name of a file.
            let path = try output ?? "\(StreamID(id)).audio"
            try await session.withClient { client, _ in
                session.console.begin("download", total: nil)
                let summary = try await DownloadManager(client: client).download(id, toFile: path)
                session.console.endStep()
                try session.console.result(
                    DownloadDocument(summary, output: path, server: client.server),
                    lines: [path]
                )
            }
        }
    }
}
