import ArgumentParser
import AudioClient
import CacheProtocol

/// `audio-client tail ID [OUTPUT]`
struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Follow a stream while it is written, up to its end.",
        discussion: """
            A connection that breaks, or a gateway that is started again, is got over: no byte is left out, and none is \
            written twice. What is followed from its beginning is verified at the end.

            Into a player: audio-client tail ID | ffplay -
            """
    )

    @Argument(help: "The stream's id.")
    var id: String

    @Argument(help: "The file to write, which must not be there unless --resume is given; - for standard output.")
    var output = "-"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Where to begin: a byte, a negative number for so many last bytes, or live.",
            valueName: "offset|-bytes|live"
        )
    )
    var from: Start = Start(start: .offset(0))

    @Flag(help: "Go on with what the file already has, from the stream's beginning on.")
    var resume = false

    @OptionGroup
    var options: ServerOptions

    func validate() throws {
        guard self.resume else { return }
        guard self.output != "-" else {
            throw ValidationError("Standard output has nothing that could be gone on with.")
        }
        guard self.from.start == .offset(0) else {
            throw ValidationError("--resume goes on where the file ends: --from has no place beside it.")
        }
    }

    func run() async throws {
        let session = Session(self.options)
        let (id, output, from, resume) = (self.id, self.output, self.from.start, self.resume)
        try await session.console.run {
            _ = try StreamID(id)
            let isPipe = output == "-"
            try await session.withClient { client, _ in
                session.console.begin("tail", total: nil)
                let manager = TailManager(client: client)
                let summary: TailSummary
                if isPipe {
                    summary = try await manager.tail(id, from: from, into: DescriptorSink()).summary
                } else {
                    let file = try GrowingFile(output, isResuming: resume)
                    summary =
                        resume
                        ? try await manager.tail(id, goingOnWith: file)
                        : try await manager.tail(id, from: from, into: FileChunkSink(file)).summary
                }
                session.console.endStep()
                try session.console.result(
                    TailDocument(summary, output: output, server: client.server),
                    lines: isPipe ? [] : [output],
                    isBeside: isPipe
                )
            }
        }
    }
}

/// Where to begin, as an option.
struct Start: ExpressibleByArgument {
    let start: TailStart

    init(start: TailStart) { self.start = start }

    init?(argument: String) {
        guard let start = TailStart(argument) else { return nil }
        self.start = start
    }

    var defaultValueDescription: String { "0" }
}
