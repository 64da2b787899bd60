import ArgumentParser
import AudioClient
import CacheProtocol

/// `audio-client upload FILE`
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload a file, or standard input as it comes, and print the stream's id.",
        discussion: """
            A connection that breaks, or a gateway that is started again, is got over: the upload goes on with the first \
            byte that the gateway does not have. With --resume it goes on with what an earlier upload left.

            As it comes: arecord -f cd -t wav | audio-client upload - --content-type audio/wav
            """
    )

    @Argument(help: "The file; - for standard input.")
    var file: String

    @Option(help: "The stream's id (default: a new one).")
    var id: String?

    @Flag(help: "Go on with the stream of this id, or begin it; the file must be the same.")
    var resume = false

    @Flag(help: "Remove a stream that has the id already.")
    var overwrite = false

    @Option(help: "The media type (default: by the file's name).")
    var contentType: String?

    @Option(help: "How long to keep the stream once it is complete, in seconds.")
    var ttl: Int64?

    @Option(help: ArgumentHelp("A label; may be given several times.", valueName: "key=value"))
    var metadata: [Label] = []

    @OptionGroup
    var options: ServerOptions

    func validate() throws {
        guard !self.resume || self.id != nil else {
            throw ValidationError("--resume needs --id: which stream is to be gone on with?")
        }
        guard !self.resume || !self.overwrite else {
            throw ValidationError("--resume keeps what is there, --overwrite removes it: choose one.")
        }
        guard !self.resume || self.file != "-" else {
            throw ValidationError("Standard input can't be gone on with: what it had before is gone.")
        }
        guard self.ttl.map({ $0 > 0 }) ?? true else { throw ValidationError("--ttl is 1 second or more.") }
    }

    func run() async throws {
        let session = Session(self.options)
        let (file, id) = (self.file, self.id)
        var options = UploadOptions()
        options.contentType = self.contentType ?? AudioType.mediaType(ofFile: file)
        options.timeToLiveSeconds = self.ttl
        for label in self.metadata { options.metadata[label.key] = label.value }
        options.overwrites = self.overwrite
        options.resumes = self.resume
        let chosen = options
        try await session.console.run {
            if let id { _ = try StreamID(id) }
            let size = file == "-" ? nil : try FileChunkSource(path: file).size
            try await session.withClient { client, _ in
                session.console.begin("upload", total: size)
                let manager = UploadManager(client: client)
                let summary =
                    file == "-"
                    ? try await manager.upload(
                        live: LiveInput(chunkSize: client.configuration.chunkSize),
                        as: id,
                        options: chosen
                    ) : try await manager.upload(file: file, as: id, options: chosen)
                session.console.endStep()
                try session.console.result(
                    UploadDocument(summary, server: client.server),
                    lines: [summary.streamID]
                )
            }
        }
    }
}

/// A label of a stream, as an option.
struct Label: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
        self.key = String(argument[..<sign])
        self.value = String(argument[argument.index(after: sign)...])
    }
}
