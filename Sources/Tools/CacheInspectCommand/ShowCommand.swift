import ArgumentParser
import CacheInspect
import CacheProtocol

/// `cache-inspect show ID`
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that is known about a stream, and what the header of the audio says.",
        discussion: CacheInspectTool.exitCodes,
        aliases: ["info"]
    )

    @Argument(help: "The stream's id.")
    var id: String

    @OptionGroup
    var location: LocationOptions

    @Flag(help: "Write one JSON document.")
    var json = false

    func run() async throws {
        let (location, id, isJSON) = (self.location, self.id, self.json)
        try await Console().run { console in
            let details = try location.inspector().details(try StreamID(id))
            try console.result(isJSON ? try details.json() : details.lines.joined(separator: "\n") + "\n")
        }
    }
}
