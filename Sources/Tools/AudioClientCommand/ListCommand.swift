import ArgumentParser
import AudioClient
import CacheProtocol
import Wire

/// `audio-client list`
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the streams of a gateway.",
        discussion: "Ids are cut to the width of the terminal, never where the output goes elsewhere."
    )

    @Option(help: "Only streams whose ids begin so.")
    var prefix: String?

    @Option(help: "Only streams in this state.")
    var state: State?

    @Option(help: "The most streams to list.")
    var limit = 100

    @Flag(help: "List them all, however many there are.")
    var all = false

    @Option(help: "Begin behind this id.")
    var after: String?

    @Flag(help: "Write the ids alone, a line each.")
    var names = false

    @OptionGroup
    var options: ServerOptions

    /// The states of the wire.
    enum State: String, ExpressibleByArgument, CaseIterable {
        case live, suspended, sealed
    }

    func validate() throws {
        guard self.limit > 0 else { throw ValidationError("--limit is 1 or more.") }
    }

    func run() async throws {
        let session = Session(self.options)
        var filter = ClientMessage.List()
        filter.prefix = self.prefix
        filter.state = self.state?.rawValue
        filter.after = self.after
        let (chosen, limit, names) = (filter, self.all ? nil : self.limit, self.names)
        try await session.console.run {
            try await session.withClient { client, _ in
                var listing = Listing(console: session.console, hasNamesOnly: names)
                let next = try await Catalogue(client: client).list(chosen, limit: limit) {
                    (page) throws(ClientError) in try listing.add(page)
                }
                try listing.end(next: next)
            }
        }
    }
}

/// A list on its way to standard output, page by page: there may be a million streams.
private struct Listing {
    let console: Console
    let hasNamesOnly: Bool
    var table: StreamTable?
    var count = 0

    mutating func add(_ page: [StreamDescription]) throws(ClientError) {
        if self.console.isJSON {
            for stream in page {
                try self.console.print(self.count == 0 ? "{\n\"streams\" : [\n" : ",\n")
                try self.console.print(try self.json(StreamDocument(stream)))
                self.count += 1
            }
            return
        }
        self.count += page.count
        if self.hasNamesOnly {
            return try self.console.print(page.map { ErrorHandler.printable($0.streamID) + "\n" }.joined())
        }
        guard !page.isEmpty else { return }
        let table = self.table ?? StreamTable(fitting: page, width: Console.width)
        let header = self.table == nil ? [table.header] : []
        self.table = table
        try self.console.print((header + page.map { table.line($0) }).map { $0 + "\n" }.joined())
    }

    private func json(_ value: some Encodable) throws(ClientError) -> String {
        do {
            return try Console.json(value)
        } catch {
            throw ErrorHandler.clientError(error, while: "writing JSON")
        }
    }

    func end(next: String?) throws(ClientError) {
        if self.console.isJSON {
            let opening = self.count == 0 ? "{\n\"streams\" : [" : ""
            try self.console.print(opening + "\n],\n\"next\" : \(try next.map(self.json) ?? "null")\n}\n")
        } else if let next {
            let place = ErrorHandler.printable(next)
            self.console.notice("There are more: list them by --all, or go on by --after \(place).")
        } else if self.count == 0 {
            self.console.notice("There are no such streams.")
        }
    }
}
