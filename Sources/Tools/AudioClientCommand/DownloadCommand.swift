import ArgumentParser
import AudioClient
import CacheProtocol

/// `audio-client download ID [OUTPUT]`
struct DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download a stream, and print the name of the file.",
        discussion: """
            The file has its name only once it is complete; until then it is a hidden one beside it. With --resume it has \
            its name from the beginning, and keeps what it has when the download breaks off, for the next --resume to go \
            on with. Either way the whole is verified at the end.
            """
    )

    @Argument(help: "The stream's id.")
    var id: String

    @Argument(help: "The file to write; one that is there is replaced (default: ID.audio). - for standard output.")
    var output: String?

    @Flag(help: "Go on with what the file already has.")
    var resume = false

    @OptionGroup
    var options: ServerOptions

    func validate() throws {
        guard !self.resume || self.output != "-" else {
            throw ValidationError("Standard output has nothing that could be gone on with.")
        }
    }

    func run() async throws {
        let session = Session(self.options)
        let (id, output, resume) = (self.id, self.output, self.resume)
        try await session.console.run {
            // Only a checked id may become the name of a file.
            let path = try output ?? "\(StreamID(id)).audio"
            let isPipe = path == "-"
            try await session.withClient { client, _ in
                session.console.begin("download", total: nil)
                let manager = DownloadManager(client: client)
                let summary =
                    if isPipe {
                        try await manager.download(id, through: DescriptorSink())
                    } else if resume {
                        try await manager.download(id, goingOnWith: GrowingFile(path, isResuming: true))
                    } else {
                        try await manager.download(id, toFile: path)
                    }
                session.console.endStep()
                try session.console.result(
                    DownloadDocument(summary, output: path, server: client.server),
                    lines: isPipe ? [] : [path],
                    isBeside: isPipe
                )
            }
        }
    }
}
