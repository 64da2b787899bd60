public import ArgumentParser
public import CacheInspect

/// Where the cache is.
struct LocationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The index.", valueName: "file"))
    var db: String?

    @Option(help: ArgumentHelp("A gateway's configuration, which says where the cache is.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The cache directory, with an index or without one.", valueName: "dir"))
    var directory: String?

    /// The tiers of the configuration that was named; `nil` where it has none, or none was named.
    func tiers() throws -> TierLocation? { try self.config.flatMap { try TierLocation(config: $0) } }

    /// Opens the cache.
    func inspector(_ access: CacheInspector.Access = .read) throws -> CacheInspector {
        try CacheInspector(
            try CacheLocation(database: self.db, config: self.config, directory: self.directory),
            access: access
        )
    }
}

extension TimeSpan: ExpressibleByArgument {
    /// Reads a length of time as the library does.
    public init?(argument: String) { self.init(argument) }
}

extension Sample: ExpressibleByArgument {
    /// Reads a sample as the library does.
    public init?(argument: String) { self.init(argument) }
}

extension ListOptions.Sort: ExpressibleByArgument {}

extension ListOptions.State: ExpressibleByArgument {}
