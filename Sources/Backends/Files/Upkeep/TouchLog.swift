import CacheProtocol
import Synchronization

/// When streams were last read, until the catalog has been told: reading must not cost a write.
final class TouchLog: Sendable {
    /// As many are remembered; beyond that the catalog has been out of order for long, and forgetting is no loss.
    private static let limit = 100_000

    private let times = Mutex<[StreamID: Timestamp]>([:])

    /// A stream is being read.
    func touch(_ id: StreamID, at time: Timestamp) {
        self.times.withLock { times in
            if times.count < Self.limit || times[id] != nil { times[id] = time }
        }
    }

    /// What the catalog was not told yet about a stream.
    func time(of id: StreamID) -> Timestamp? { self.times.withLock { $0[id] } }

    /// A stream is gone.
    func forget(_ id: StreamID) { self.times.withLock { _ = $0.removeValue(forKey: id) } }

    /// Everything the catalog was not told yet. It stays here until ``settle(_:)``, so that who asks meanwhile is not
    /// told something older.
    var pending: [StreamID: Timestamp] { self.times.withLock { $0 } }

    /// The catalog has been told.
    func settle(_ told: [StreamID: Timestamp]) {
        self.times.withLock { times in
            for (id, time) in told where times[id] == time { times.removeValue(forKey: id) }
        }
    }
}
