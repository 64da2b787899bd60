import CacheProtocol
import NIOCore
import Synchronization

/// How many readers each stream has: counted where a stream is opened and let go of, asked where streams are described.
///
/// Nothing is counted where bytes flow. Who opens streams on different connections meets in one of several locks at most.
final class ReaderCensus: Sendable {
    private final class Part: Sendable {
        let counts = Mutex<[StreamID: Int]>([:])
    }

    private let parts = (0..<16).map { _ in Part() }

    private func part(_ streamID: StreamID) -> Part {
        self.parts[Int(UInt(bitPattern: streamID.hashValue) % UInt(self.parts.count))]
    }

    /// How many readers have the stream open. Those that finish with one that was removed count with whatever has its
    /// name now.
    func count(of streamID: StreamID) -> Int { self.part(streamID).counts.withLock { $0[streamID] ?? 0 } }

    /// One more reader has the stream open, until ``closed(_:)``.
    fileprivate func opened(_ streamID: StreamID) {
        self.part(streamID).counts.withLock { $0[streamID, default: 0] += 1 }
    }

    /// One of them has let go of it.
    fileprivate func closed(_ streamID: StreamID) {
        self.part(streamID).counts.withLock { counts in
            guard let count = counts[streamID], count > 1 else { return counts[streamID] = nil }
            counts[streamID] = count - 1
        }
    }
}

extension StreamReader {
    /// The same reader, counted among its stream's for as long as anybody holds it.
    ///
    /// - Parameters:
    ///   - streamID: The stream, which it has found.
    ///   - census: Where it is counted.
    func counted(as streamID: StreamID, in census: ReaderCensus) -> StreamReader {
        StreamReader(CountedSource(self, streamID, census))
    }
}

/// Passes everything on, and stands for one reader while it lives.
private final class CountedSource: StreamSource {
    private let reader: StreamReader
    private let streamID: StreamID
    private let census: ReaderCensus

    init(_ reader: StreamReader, _ streamID: StreamID, _ census: ReaderCensus) {
        (self.reader, self.streamID, self.census) = (reader, streamID, census)
        census.opened(streamID)
    }

    deinit { self.census.closed(self.streamID) }

    func open() -> Answer<StreamStatus> { self.reader.opened() }

    var status: StreamStatus { self.reader.status }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        try self.reader.read(at: offset, count: count)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.reader.grown(past: offset, while: state)
    }

    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        self.reader.observeGrowth(past: offset, while: state, observer)
    }
}
