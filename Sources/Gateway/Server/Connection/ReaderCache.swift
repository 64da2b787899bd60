import CacheProtocol
import NIOCore

/// The readers that a connection used last, so that a GET after the first finds its stream without asking the backend.
///
/// A stream with an open reader counts as being read: it is not evicted, and its bytes take room even after it was
/// removed. So no reader is kept for longer than a peer needs that asks for one range after the other.
struct ReaderCache {
    /// How many streams a connection reads at the same time without looking them up again.
    private static let capacity = 4
    /// How long a reader is kept after its last use.
    static let keeping = TimeAmount.seconds(2)

    private struct Entry {
        var streamID: String
        var reader: StreamReader
        var lastUse: NIODeadline
    }

    /// The one that was used last comes first.
    private var entries: [Entry] = []

    /// The open reader of a stream, unless the stream is gone: then another may have its name by now.
    mutating func reader(of streamID: String, at now: NIODeadline) -> StreamReader? {
        guard let index = self.index(of: streamID) else { return nil }
        let reader = self.entries[index].reader
        guard reader.status.state != .removed else {
            self.entries.remove(at: index)
            return nil
        }
        self.entries[index].lastUse = now
        if index > 0 { self.entries.insert(self.entries.remove(at: index), at: 0) }
        return reader
    }

    /// Keeps an open reader, in place of the one that was not used for longest.
    mutating func insert(_ reader: StreamReader, for streamID: String, at now: NIODeadline) {
        if let index = self.index(of: streamID) { self.entries.remove(at: index) }
        if self.entries.count == Self.capacity { self.entries.removeLast() }
        self.entries.insert(Entry(streamID: streamID, reader: reader, lastUse: now), at: 0)
    }

    /// Lets go of readers that were not used for a while, and of those whose streams are gone.
    ///
    /// - Returns: When to do so again; `nil` where no reader is left.
    mutating func dropUnused(at now: NIODeadline) -> NIODeadline? {
        self.entries.removeAll { $0.lastUse + Self.keeping <= now || $0.reader.status.state == .removed }
        return self.entries.last.map { $0.lastUse + Self.keeping }
    }

    /// Bytes are compared: to `String`, the Kelvin sign is a K.
    private func index(of streamID: String) -> Int? {
        self.entries.firstIndex { $0.streamID.utf8.elementsEqual(streamID.utf8) }
    }

    /// Lets go of all streams.
    mutating func removeAll() { self.entries = [] }
}
