import Foundation
import Synchronization
import Testing

@testable import AudioClient

/// What a client told its observer.
final class Events: Sendable {
    private let list = Mutex<[ClientEvent]>([])
    func add(_ event: ClientEvent) { self.list.withLock { $0.append(event) } }
    /// The sentences for people.
    var notices: [String] { self.list.withLock { $0.compactMap(\.notice) } }
    /// How many bytes were reported as sent.
    var sent: Int64 {
        self.list.withLock { $0.reduce(0) { if case .sent(let count) = $1 { $0 + count } else { $0 } } }
    }
    /// How many bytes were reported as received.
    var received: Int64 {
        self.list.withLock { $0.reduce(0) { if case .received(let count) = $1 { $0 + count } else { $0 } } }
    }
}

extension ServerURL {
    /// A client of this server that does not try again, unless told otherwise.
    func client(
        retries: Int = 0,
        answerTimeout: Duration = .seconds(120),
        handshakeTimeout: Duration = .seconds(120),
        events: Events = Events()
    ) throws -> WebSocketClient {
        var configuration = ClientConfiguration()
        configuration.backoff = Backoff(maximumRetries: retries, base: .milliseconds(1), cap: .milliseconds(5))
        configuration.answerTimeout = answerTimeout
        configuration.handshakeTimeout = handshakeTimeout
        // Whatever else this machine is busy with, only the waits under test may end.
        configuration.connectTimeout = .seconds(120)
        return try WebSocketClient(server: self, configuration: configuration, observer: { events.add($0) })
    }
}

/// The error that something throws.
func clientError(_ body: () async throws -> Void) async -> ClientError? {
    do {
        try await body()
        Issue.record("nothing was thrown")
        return nil
    } catch let error as ClientError {
        return error
    } catch {
        Issue.record("\(error) was thrown")
        return nil
    }
}

extension TemporaryDirectory {
    /// The names in it, hidden ones too.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? ["?"]).sorted() }

    /// Writes a file into it.
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = "\(self.path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }
}
