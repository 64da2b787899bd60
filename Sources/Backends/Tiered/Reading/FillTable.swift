import CacheProtocol
import Synchronization

/// The streams of the cold tier that are being read: one object for all readers of a stream, so that they fetch it once.
final class FillTable: Sendable {
    /// How much all streams keep in memory before they keep no more than they must, and fetch nothing ahead; in bytes.
    private static let budget = 64 << 20
    private let streams = Mutex<[StreamID: ColdStream]>([:])
    private let held = Atomic<Int>(0)

    /// The stream of a name that is being read from the cold tier.
    func stream(_ id: StreamID) -> ColdStream? { self.streams.withLock { $0[id] } }

    /// How many are being read.
    var count: Int { self.streams.withLock { $0.count } }

    /// Whether streams may keep what nobody waits for.
    var hasRoom: Bool { self.heldBytes < Self.budget }

    /// How much all streams keep in memory, in bytes.
    var heldBytes: Int { self.held.load(ordering: .relaxed) }

    /// A stream keeps more bytes in memory than before, or fewer.
    func hold(_ change: Int) { self.held.add(change, ordering: .relaxed) }

    /// Joins the readers of a stream, or becomes its first.
    ///
    /// - Parameters:
    ///   - info: The stream, as the cold tier has it now.
    ///   - make: Makes the object for the first reader.
    /// - Returns: The object, and whether it is new.
    func join(_ info: StreamInfo, _ make: () -> ColdStream) -> (stream: ColdStream, isNew: Bool) {
        self.streams.withLock { streams in
            if let stream = streams[info.id], stream.info.sha256 == info.sha256, stream.info.size == info.size,
                stream.enter()
            {
                return (stream, false)
            }
            let stream = make()
            _ = stream.enter()
            streams[info.id] = stream
            return (stream, true)
        }
    }

    /// Takes a stream out that nobody reads any more.
    func remove(_ stream: ColdStream) {
        self.streams.withLock { streams in
            if streams[stream.info.id] === stream { streams[stream.info.id] = nil }
        }
    }
}
