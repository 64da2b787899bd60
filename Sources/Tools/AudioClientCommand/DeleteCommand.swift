import ArgumentParser
import AudioClient
import CacheProtocol
import Wire

/// `audio-client delete ID…`
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove streams from a gateway, for good.",
        discussion: """
            On a terminal each is asked about first, unless --force is given; nobody is asked where standard input is no \
            terminal. Where one can't be removed, the others still are.
            """
    )

    @Argument(help: "The streams' ids.")
    var ids: [String]

    @Flag(help: "Don't ask.")
    var force = false

    @OptionGroup
    var options: ServerOptions

    func run() async throws {
        let session = Session(self.options)
        let (ids, force) = (self.ids, self.force)
        try await session.console.run {
            for id in ids { _ = try StreamID(id) }
            try await session.withClient { client, _ in
                let catalogue = Catalogue(client: client)
                var deleted: [String] = []
                var failure: ClientError?
                for (index, id) in ids.enumerated() {
                    do throws(ClientError) {
                        guard try await Self.isMeant(id, catalogue, force: force) else { continue }
                        try await catalogue.delete(id)
                        deleted.append(id)
                    } catch {
                        if error.cause == .cancelled {
                            if !deleted.isEmpty {
                                try session.console.result(DeleteDocument(deleted: deleted), lines: deleted)
                            }
                            throw Self.interrupted(before: ids[index...], in: client.server)
                        }
                        guard ids.count > 1, !error.isOfTheConnection else { throw error }
                        session.console.failure(error, isLast: false)
                        failure = failure ?? error
                    }
                }
                try session.console.result(DeleteDocument(deleted: deleted), lines: deleted)
                if let failure { throw ExitCode(failure.code.rawValue) }
            }
        }
    }

    /// What is said of an interruption: the streams that nobody has answered for.
    private static func interrupted(before ids: ArraySlice<String>, in server: ServerURL) -> ClientError {
        let names = ids.joined(separator: " ")
        return ClientError(
            .io,
            "Interrupted before these were known to be deleted: \(names).",
            remedy: "Where they are to go still, run audio-client delete --server \(server) \(names)",
            cause: .cancelled
        )
    }

    private static func isMeant(_ id: String, _ catalogue: Catalogue, force: Bool) async throws(ClientError) -> Bool {
        guard !force, Console.canAsk else { return true }
        let stream = try await catalogue.info(id)
        let amount = ProgressBar.amount(stream.size)
        do {
            return try await Console.confirms("Delete stream \(id) (\(stream.state), \(amount))?")
        } catch {
            throw ErrorHandler.clientError(error, while: "asking about stream \(id)")
        }
    }
}
