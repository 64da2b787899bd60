import ArgumentParser
import CacheInspect

/// The inspector: lists, verifies, shows, counts, repairs and exports what is in a cache.
@main
struct CacheInspectTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache-inspect",
        abstract: "Looks into an audio stream cache, also while a gateway is at work on it.",
        discussion: """
            The cache is the one of --db, --config or --directory; otherwise that of \(CacheLocation.defaultConfig), or \
            where there is no such file the directory \(CacheLocation.defaultDirectory). A directory without an index \
            is read by its files.

            Sizes are written 512, 10K, 1.5M, 2G (powers of 1,024); times 30s, 10m, 2h, 7d, 4w; moments are UTC.

            \(Self.exitCodes)
            """,
        subcommands: [
            ListCommand.self, VerifyCommand.self, ShowCommand.self, StatsCommand.self, RepairCommand.self,
            ExportCommand.self,
        ]
    )

    /// Said by every command's help.
    static let exitCodes = """
        Exit codes: 0 all is good; 1 something is wrong in the cache, or it has no such stream; 64 wrong usage; 66 there \
        is no index, or no cache directory; 73 the output can't be made; 74 a file or the index failed; 75 a gateway \
        holds the cache; 78 the configuration is wrong; 130 interrupted. Any other code is a failure too.
        """
}
