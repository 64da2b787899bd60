import Synchronization

/// How busy the server is, counted where it happens and read from anywhere.
final class ServerLoad: Sendable {
    private let open = Atomic<Int>(0)
    private let opened = Atomic<Int>(0)

    /// How many WebSocket connections are open.
    var connections: Int { self.open.load(ordering: .relaxed) }

    /// A name for the next connection, for the log.
    func nextConnectionName() -> String { "c\(self.opened.wrappingAdd(1, ordering: .relaxed).newValue)" }

    func connectionOpened() { self.open.wrappingAdd(1, ordering: .relaxed) }
    func connectionClosed() { self.open.wrappingSubtract(1, ordering: .relaxed) }
}
