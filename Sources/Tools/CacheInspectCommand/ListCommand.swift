import ArgumentParser
import CacheInspect

/// `cache-inspect list`
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List streams: id, state, size, type, created, last read, ttl, and the digest's head.",
        discussion: """
            The table fits the terminal: what is too long ends in …, and a narrow terminal gets fewer columns. Times are \
            how long ago something was; on a wide terminal, or into a pipe, they are moments. TTL is the time that is \
            left; in brackets, how long it will be once the stream is sealed.

            \(CacheInspectTool.exitCodes)
            """,
        aliases: ["ls"]
    )

    @OptionGroup
    var location: LocationOptions

    @Option(help: "Only streams in this state.")
    var state: ListOptions.State?

    @Option(help: "Only streams whose ids begin with this.")
    var prefix: String?

    @Option(help: "What to sort by; size, created and read with the greatest first.")
    var sort = ListOptions.Sort.id

    @Flag(help: "Turn the order round.")
    var reverse = false

    @Option(help: "The most streams; 0 for all.")
    var limit = 100

    @Flag(help: "Count all streams that match, even where that takes longer than listing some.")
    var totals = false

    @Flag(help: "Write one JSON document.")
    var json = false

    @Flag(help: "Write comma-separated values (RFC 4180), labels left out.")
    var csv = false

    func validate() throws {
        if self.limit < 0 { throw ValidationError("--limit is a number of streams, 0 or more.") }
        if self.json, self.csv { throw ValidationError("Only one of --json and --csv can be given.") }
    }

    func run() async throws {
        var options = ListOptions()
        options.state = self.state
        options.prefix = self.prefix
        options.sort = self.sort
        options.isReversed = self.reverse
        options.limit = self.limit
        options.countsAll = self.totals
        let format: ListOptions.Format =
            self.json ? .json : self.csv ? .csv : .table(width: TerminalWidth.current)
        let (location, asked) = (self.location, options)
        try await Console().run { console in
            try location.inspector().list(asked, as: format) { try console.result($0) }
        }
    }
}
