import CacheProtocol
import NIOCore
import Synchronization

/// One stream: its pages, how far it goes, what it is doing, and who waits for it to grow.
///
/// The writer works under the `tail`, which nobody else holds while it appends; readers look at an atomic and take the
/// `table` for as long as it takes to find a page.
final class MemoryStream: Sendable {
    let id: StreamID
    let pageShift: Int
    let digest: StreamDigest?

    /// Size and state in one word, so that they always agree: the size shifted by two, and a code of the state.
    private let published: Atomic<Int64>
    /// Milliseconds of the wall clock, or ``neverRead``.
    private let lastRead = Atomic<Int64>(MemoryStream.neverRead)
    let tail: Mutex<Tail>
    let table = Mutex<[Page]>([])
    let waiters = GrowthWaiters()

    private static let neverRead = Int64.min

    /// What the writer's side knows.
    struct Tail {
        /// Which writer may append; those before it may not.
        var epoch: Int64
        /// All but size, state and last read.
        var facts: StreamInfo
        /// The page that is not full yet.
        var page: Page?
        /// When the stream was suspended or sealed, on the monotonic clock.
        var changedAt: Int64 = 0
    }

    /// A new, empty stream with its first writer.
    init(_ facts: StreamInfo, pageSize: Int, digest: StreamDigest?) {
        self.id = facts.id
        self.pageShift = pageSize.trailingZeroBitCount
        self.digest = digest
        self.published = Atomic(Self.word(StreamStatus(size: 0, state: .live)))
        self.tail = Mutex(Tail(epoch: 1, facts: facts))
    }

    var pageSize: Int { 1 << self.pageShift }

    /// How many pages `size` bytes take.
    func pages(for size: Int64) -> Int { Int((size + Int64(self.pageSize) - 1) >> Int64(self.pageShift)) }

    // MARK: Status

    private static let states: [StreamState] = [.live, .suspended, .sealed, .removed]

    private static func word(_ status: StreamStatus) -> Int64 {
        let code: Int64 =
            switch status.state {
            case .live: 0
            case .suspended: 1
            case .sealed: 2
            case .removed: 3
            }
        return status.size << 2 | code
    }

    var status: StreamStatus {
        let word = self.published.load(ordering: .acquiring)
        return StreamStatus(size: word >> 2, state: Self.states[Int(word & 3)])
    }

    /// Tells readers; only under the `tail`.
    func publish(_ status: StreamStatus) { self.published.store(Self.word(status), ordering: .releasing) }

    var info: StreamInfo {
        var (info, status) = self.tail.withLock { ($0.facts, self.status) }
        info.size = status.size
        info.state = status.state
        let lastRead = self.lastRead.load(ordering: .relaxed)
        if lastRead != Self.neverRead { info.lastReadAt = Timestamp(millisecondsSinceEpoch: lastRead) }
        return info
    }

    // MARK: Reading

    /// Somebody read at this moment.
    func wasRead(at moment: Timestamp) {
        self.lastRead.store(moment.millisecondsSinceEpoch, ordering: .relaxed)
    }

    /// Lends bytes from `offset` to the end of its page at most.
    ///
    /// - Parameters:
    ///   - offset: A place inside the stream.
    ///   - count: More than 0, not past the end.
    /// - Returns: At least one byte.
    /// - Throws: ``CacheError`` with code `aborted` where the stream's bytes are gone.
    func read(at offset: Int64, count: Int) throws(CacheError) -> ByteBuffer {
        let start = Int(offset & Int64(self.pageSize - 1))
        let index = Int(offset >> Int64(self.pageShift))
        let bytes = self.table.withLock { pages in
            index < pages.count ? pages[index].lend(at: start, count: min(count, self.pageSize - start)) : nil
        }
        guard let bytes else {
            throw CacheError(.aborted, "The stream was aborted, and its bytes are gone.", streamID: self.id)
        }
        return bytes
    }
}
