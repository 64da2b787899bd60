import ArgumentParser
import AudioClient
import CacheProtocol

/// `audio-client upload FILE`
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload a file, and print the stream's id."
    )

    @Argument(help: "The file.")
    var file: String

    @Option(help: "The stream's id (default: a new one).")
    var id: String?

    @OptionGroup
    var options: ServerOptions

    func run() async throws {
        let session = Session(self.options)
        let (file, id) = (self.file, self.id)
        try await session.console.run {
            if let id { _ = try StreamID(id) }
            let size = try FileChunkSource(path: file).size
            try await session.withClient { client, _ in
                session.console.begin("upload", total: size)
                let summary = try await UploadManager(client: client)
                    .upload(file: file, as: id, contentType: AudioType.mediaType(ofFile: file))
                session.console.endStep()
                try session.console.result(
                    UploadDocument(summary, server: client.server),
                    lines: [summary.streamID]
                )
            }
        }
    }
}
