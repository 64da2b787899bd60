import Logging
import NIOCore
import Synchronization

/// How long the answer to a wrong token waits: longer with each that an address tries, up to 5 s, and at once again after
/// a quiet minute. Who shows a right token never waits, so that nobody can be locked out by a neighbour's guesses.
struct GuessBudget {
    private static let longest = TimeAmount.seconds(5)
    private static let shortest = TimeAmount.milliseconds(100)
    private static let memory = TimeAmount.seconds(60)
    /// How many addresses are told apart; the rest share a count.
    static let capacity = 4_096

    private struct Entry {
        var count: Int
        var last: NIODeadline
    }

    private var entries: [String: Entry] = [:]

    /// An address has tried a wrong token.
    ///
    /// - Returns: How long its answer is to wait.
    mutating func guessed(by address: String, at now: NIODeadline) -> TimeAmount {
        var key = address
        if self.entries[key] == nil, self.entries.count >= Self.capacity {
            self.entries = self.entries.filter { now < $0.value.last + Self.memory }
            if self.entries.count >= Self.capacity { key = "" }
        }
        var entry = self.entries[key] ?? Entry(count: 0, last: now)
        if now >= entry.last + Self.memory { entry.count = 0 }
        entry.count = min(entry.count + 1, 10)
        entry.last = now
        self.entries[key] = entry
        return min(Self.longest, Self.shortest * (1 << (entry.count - 1)))
    }
}

extension GatewayService {
    /// Lets the answer to a wrong token wait.
    func delayGuess(_ refusal: Refusal, by address: SocketAddress?) async throws {
        guard refusal.isGuess else { return }
        self.logger.notice("wrong token", metadata: ["peer": "\(address?.ipAddress ?? "-")"])
        try await Task.sleep(for: .nanoseconds(self.guesses.guessed(by: address).nanoseconds))
    }
}

/// The guesses at one server. Asked only after a wrong token, so its lock is on nobody else's way.
final class GuessLedger: Sendable {
    private let budget = Mutex(GuessBudget())

    /// An address has tried a wrong token.
    ///
    /// - Returns: How long its answer is to wait.
    func guessed(by address: SocketAddress?) -> TimeAmount {
        let name = address?.ipAddress ?? "-"
        return self.budget.withLock { $0.guessed(by: name, at: .now()) }
    }
}
