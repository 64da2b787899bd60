import ArgumentParser
import Wire

/// The reference client: uploads audio, downloads it, and proves that nothing has changed.
@main
struct AudioClientTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audio-client",
        abstract:
            "Uploads audio to an audio stream cache, downloads or follows it, and proves that nothing has changed.",
        discussion: """
            The server is the one of --server, or of the environment variable AUDIO_CACHE_SERVER, or
            ws://localhost:8080/audio.

            Exit codes: 0 done; 1 done, but the data differs; 64 wrong usage; 65 the data is wrong; 66 the input is \
            not there; 69 the server is not there, or can't; 73 the output can't be made; 74 a file or a connection \
            failed; 76 the server does not speak the protocol; 77 the server does not permit it; \
            78 a setting is wrong; 130 interrupted.
            """,
        version: ServerIdentity.version,
        subcommands: [
            RoundTripCommand.self, UploadCommand.self, DownloadCommand.self, TailCommand.self, ListCommand.self,
            InfoCommand.self, DeleteCommand.self, VerifyCommand.self, BenchCommand.self,
        ]
    )
}
