import AudioClient
import NIOCore
import Synchronization
import Wire

/// Takes the cases of a fuzzing server, one connection each, with the client's own handshake and connection.
struct CaseRunner {
    /// The fuzzing server's URL, without a path.
    var server: String
    /// Where progress is told.
    var say: (String) -> Void

    /// The name under which the report lists the client.
    static let agent = "client"

    /// Runs all cases, then has the report written.
    func run() async throws {
        let count = try await self.caseCount()
        self.say("running \(count) cases")
        for number in 1...max(1, count) where number <= count {
            try await self.client("/runCase?case=\(number)&agent=\(Self.agent)")
                .exchangeMessages(limits: .conformance) { $0 }
            if number.isMultiple(of: 50) { self.say("\(number) of \(count) done") }
        }
        try await self.client("/updateReports?agent=\(Self.agent)").exchangeMessages(limits: .conformance) { _ in nil }
        self.say("done")
    }

    private func caseCount() async throws -> Int {
        let answer = Mutex("")
        try await self.client("/getCaseCount").exchangeMessages(limits: .conformance) { message in
            if case .text(let text) = message { answer.withLock { $0 = String(buffer: text) } }
            return nil
        }
        let text = answer.withLock { $0 }
        guard let count = Int(text), count >= 0 else { throw NoCount(answer: text) }
        return count
    }

    private func client(_ target: String) throws -> WebSocketClient {
        var configuration = ClientConfiguration()
        // Some cases dribble a megabyte, others wait.
        configuration.answerTimeout = .seconds(120)
        return try WebSocketClient(server: ServerURL(self.server + target), configuration: configuration)
    }

    private struct NoCount: Error, CustomStringConvertible {
        var answer: String
        var description: String { "the fuzzing server answered \"\(self.answer)\" instead of the number of cases" }
    }
}
