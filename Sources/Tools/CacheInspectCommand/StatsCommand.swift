import ArgumentParser
import CacheInspect

/// `cache-inspect stats`
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Count streams and bytes, and draw how sizes and ages are spread.",
        discussion: CacheInspectTool.exitCodes
    )

    @OptionGroup
    var location: LocationOptions

    @Flag(help: "Write one JSON document.")
    var json = false

    func run() async throws {
        let (location, isJSON) = (self.location, self.json)
        try await Console().run { console in
            let statistics = try location.inspector().statistics()
            let lines = statistics.lines(width: TerminalWidth.current)
            try console.result(isJSON ? try statistics.json() : lines.joined(separator: "\n") + "\n")
        }
    }
}
