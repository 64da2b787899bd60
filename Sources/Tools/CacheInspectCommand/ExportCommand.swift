import ArgumentParser
import CacheInspect
import CacheProtocol

/// `cache-inspect export ID FILE`
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copy a stream into a file, and compare its digest on the way.",
        discussion: """
            The file has its name only once it is complete and good; one that is there is replaced. An unfinished stream \
            is copied as far as it has got.

            \(CacheInspectTool.exitCodes)
            """
    )

    @Argument(help: "The stream's id.")
    var id: String

    @Argument(help: "The file to write.")
    var file: String

    @OptionGroup
    var location: LocationOptions

    @Flag(help: "Copy the bytes even where they are not those that were stored.")
    var allowDamage = false

    @Flag(help: "Write one JSON document.")
    var json = false

    func run() async throws {
        let (location, id, file) = (self.location, self.id, self.file)
        let (allowsDamage, isJSON) = (self.allowDamage, self.json)
        try await Console().run { console in
            let summary = try await location.inspector()
                .export(try StreamID(id), to: file, allowsDamage: allowsDamage)
            try console.result(isJSON ? try summary.json() : summary.line + "\n")
            if summary.isVerified == false { throw ExitCode(InspectError.Code.wrong.rawValue) }
        }
    }
}
