import ArgumentParser
import CacheInspect
import CacheProtocol

/// `cache-inspect verify [ID…]`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read streams again, and compare size and SHA-256 with what is remembered.",
        discussion: """
            Says for each stream: ok, missing file, size differs, digest differs, state differs, orphan row (an \
            unfinished stream without a file), orphan file (one that the index knows nothing of) or unreadable, with what \
            was expected and what was found. Streams that are good are only counted, unless they were named, or \
            --verbose is given. The results are remembered in the index.

            A sample of 5% or 2G has other streams each time; 1/7 to 7/7 have each stream once. --max-duration and \
            --not-verified-since together let a run go on where the one before stopped.

            With --tier cold and the --config of a gateway with tiers (or of one with the s3 backend) the objects of the \
            store are read, and compared with the size and SHA-256 that were sealed. Nothing is remembered of that. \
            Credentials are found as the gateway finds them.

            \(CacheInspectTool.exitCodes)
            """,
        aliases: ["check"]
    )

    @Argument(help: "Streams' ids (default: all streams, and files that belong to none).")
    var ids: [String] = []

    @OptionGroup
    var location: LocationOptions

    @Option(help: "Which tier of a gateway with tiers: hot or cold.")
    var tier = Tier.hot

    @Option(help: ArgumentHelp("Only a part of the streams: 5%, 1/7 or 2G.", valueName: "sample"))
    var sample: Sample?

    @Option(help: ArgumentHelp("Begin no stream after so long: 10m.", valueName: "time"))
    var maxDuration: TimeSpan?

    @Option(help: ArgumentHelp("Only streams that were not verified for so long: 4w.", valueName: "time"))
    var notVerifiedSince: TimeSpan?

    @Option(help: "How many streams are read at once, 1 to 64.")
    var jobs = 2

    @Flag(help: "Remember nothing in the index.")
    var noRecord = false

    @Flag(name: .shortAndLong, help: "Tell of good streams, too.")
    var verbose = false

    @Flag(help: "Write JSON lines: a document for each stream, progress now and then, and the summary last.")
    var json = false

    func validate() throws {
        if !(1...64).contains(self.jobs) { throw ValidationError("--jobs is a number from 1 to 64.") }
        if !self.ids.isEmpty, self.sample != nil || self.notVerifiedSince != nil {
            throw ValidationError("--sample and --not-verified-since are for all streams; leave the ids out.")
        }
        guard self.tier == .cold else { return }
        if self.location.config == nil {
            throw ValidationError("--tier cold needs the --config of a gateway, which says where its cold tier is.")
        }
        if self.notVerifiedSince != nil {
            throw ValidationError("--not-verified-since is for the hot tier: of the cold one nobody remembers it.")
        }
    }

    func run() async throws {
        let (location, isJSON, isVerbose) = (self.location, self.json, self.verbose || !self.ids.isEmpty)
        let command = self
        try await Console().run { console in
            let options = try command.options()
            let report = VerifyReport(console: console, isJSON: isJSON, isVerbose: isVerbose)
            if command.tier == .cold { return try await command.verifyCold(options, report) }
            let inspector = try location.inspector(options.isRecorded ? .update : .read)
            if !inspector.hasIndex, options.notVerifiedSince != nil {
                console.notice("Without an index nobody remembers what was verified when: all streams are verified.")
            }
            try report.end(try await inspector.verify(options) { report.take($0) })
        }
    }

    private func verifyCold(_ options: VerifyOptions, _ report: VerifyReport) async throws {
        guard let tiers = try self.location.tiers() else {
            throw InspectError(
                .configuration,
                "The configuration \(self.location.config ?? "") has no cold tier: its backend is neither tiered nor s3.",
                remedy: "Leave --tier out."
            )
        }
        // A cold tier of files is a cache directory like any other.
        if let directory = tiers.directory {
            let inspector = try CacheInspector(try CacheLocation(directory: directory), access: .read)
            var options = options
            options.isRecorded = false
            return try report.end(try await inspector.verify(options) { report.take($0) })
        }
        try report.end(try await ColdStore(tiers).verify(options) { report.take($0) })
    }

    private func options() throws -> VerifyOptions {
        var options = VerifyOptions()
        options.ids = try self.ids.map { try StreamID($0) }
        options.sample = self.sample
        options.maximumDuration = self.maxDuration
        options.notVerifiedSince = self.notVerifiedSince
        options.jobs = self.jobs
        options.isRecorded = !self.noRecord
        return options
    }
}

/// A tier that can be verified.
enum Tier: String, ExpressibleByArgument, CaseIterable {
    case hot, cold
}

/// Tells what verifying finds, as it does.
private struct VerifyReport: Sendable {
    let console: Console
    let isJSON: Bool
    let isVerbose: Bool

    /// Tells the summary, and ends with its exit code.
    func end(_ summary: VerifySummary) throws {
        let text = self.isJSON ? try VerifyDocument.line(summary) : summary.lines.joined(separator: "\n")
        try self.console.result(text + "\n")
        if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
    }

    func take(_ event: VerifyEvent) {
        switch event {
        case .progress(let progress):
            self.console.progress(progress.line) { console in
                if self.isJSON { self.write(event) } else { console.notice(progress.line) }
            }
        case .finding(let finding):
            if self.isJSON { return self.write(event) }
            guard finding.verdict.isWrong || self.isVerbose else { return }
            // Where nobody reads the results any more, verifying goes on: it is recorded, and has an exit code.
            try? self.console.result(finding.lines.joined(separator: "\n") + "\n")
        case .notice(let text):
            if self.isJSON { self.write(event) } else { self.console.notice(text) }
        }
    }

    private func write(_ event: VerifyEvent) {
        if let line = try? VerifyDocument.line(event) { try? self.console.result(line + "\n") }
    }
}
