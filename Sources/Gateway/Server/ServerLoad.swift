import Synchronization

/// How busy the server is, counted where it happens and read from anywhere.
final class ServerLoad: Sendable {
    private let open = Atomic<Int>(0)
    private let opened = Atomic<Int>(0)
    private let uploads = Atomic<Int>(0)

    /// How many WebSocket connections are open.
    var connections: Int { self.open.load(ordering: .relaxed) }

    /// A name for the next connection, for the log.
    func nextConnectionName() -> String { "c\(self.opened.wrappingAdd(1, ordering: .relaxed).newValue)" }

    func connectionOpened() { self.open.wrappingAdd(1, ordering: .relaxed) }
    /// How many uploads are under way.
    var openStreams: Int { self.uploads.load(ordering: .relaxed) }

    /// An upload begins, where there is room for one more; ``streamClosed()`` gives it back.
    func streamOpened(limit: Int) -> Bool {
        guard self.uploads.wrappingAdd(1, ordering: .relaxed).newValue > limit else { return true }
        self.streamClosed()
        return false
    }

    func streamClosed() { self.uploads.wrappingSubtract(1, ordering: .relaxed) }
    func connectionClosed() { self.open.wrappingSubtract(1, ordering: .relaxed) }
}
