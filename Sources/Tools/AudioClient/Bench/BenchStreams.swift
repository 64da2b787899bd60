import Synchronization

/// The streams that a measurement has begun and not removed.
final class BenchStreams: Sendable {
    private let ids = Mutex<Set<String>>([])

    /// A new stream's name, which is remembered until the stream is removed.
    func begin() -> String {
        let id = StreamIDGenerator.shared.next()
        self.ids.withLock { _ = $0.insert(id) }
        return id
    }

    /// A stream is gone, or was never there.
    func removed(_ id: String) { self.ids.withLock { _ = $0.remove(id) } }

    /// The streams that are there, as far as is known, the oldest first.
    var left: [String] { self.ids.withLock { $0.sorted() } }
}
