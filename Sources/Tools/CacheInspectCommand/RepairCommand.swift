import ArgumentParser
import CacheInspect
import Synchronization

/// `cache-inspect repair`
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make the index agree with the files; says only what it would do, unless told to do it.",
        discussion: """
            No audio is ever changed, moved or removed: only rows of the index are. With --apply no gateway may be at \
            work. It ends with 0 where everything agrees or was made to, and with 1 where something is left to do.

            \(CacheInspectTool.exitCodes)
            """
    )

    @OptionGroup
    var location: LocationOptions

    @Flag(help: "Do it.")
    var apply = false

    @Flag(help: "Forget sealed streams whose files are gone, instead of marking them as missing.")
    var forgetMissing = false

    @Flag(help: "Write JSON lines: a document for each step, and the summary last.")
    var json = false

    func run() async throws {
        var options = RepairOptions()
        options.isApplied = self.apply
        options.forgetsMissing = self.forgetMissing
        let (location, asked, isJSON) = (self.location, options, self.json)
        try await Console().run { console in
            let failure = Mutex<(any Error)?>(nil)
            let summary = try await location.inspector(asked.isApplied ? .update : .read).repair(asked) { step in
                do {
                    try console.result((isJSON ? try RepairDocument.line(step) : step.line) + "\n")
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            if let failure = failure.withLock({ $0 }) { throw failure }
            try console.result((isJSON ? try RepairDocument.line(summary) : summary.line) + "\n")
            if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
        }
    }
}
