import ArgumentParser
import AudioClient
import CacheProtocol
import Wire

/// `audio-client info ID`
struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Tell what a gateway knows about a stream."
    )

    @Argument(help: "The stream's id.")
    var id: String

    @OptionGroup
    var options: ServerOptions

    func run() async throws {
        let session = Session(self.options)
        let id = self.id
        try await session.console.run {
            _ = try StreamID(id)
            try await session.withClient { client, _ in
                let stream = try await Catalogue(client: client).info(id)
                try session.console.result(StreamDocument(stream), lines: StreamTable.details(stream))
            }
        }
    }
}
