import ArgumentParser
import CacheInspect
import CacheProtocol

/// `cache-inspect show ID`
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that is known about a stream, and what the header of the audio says.",
        discussion: """
            With the --config of a gateway with tiers, also where its copies are: what the hot tier has, what the ledger \
            says of copying it, and what the object store answers.

            \(CacheInspectTool.exitCodes)
            """,
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
            let (inspector, id) = (try location.inspector(), try StreamID(id))
            let details =
                if let tiers = try location.tiers() {
                    try await inspector.details(id, tiers: tiers)
                } else {
                    try inspector.details(id)
                }
            try console.result(isJSON ? try details.json() : details.lines.joined(separator: "\n") + "\n")
        }
    }
}
