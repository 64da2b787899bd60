import CacheProtocol
import NIOCore
import NIOPosix
import Wire

/// One stream's live end as one event loop sees it: all subscribers of this loop wait together, and what one of them
/// reads at the end is what the others are sent too, the same bytes in the same memory.
///
/// Confined to its event loop. Exists as long as it has subscribers.
final class LiveTail {
    /// How long to leave a backend alone that ended a wait for nothing.
    private static let pause = TimeAmount.milliseconds(10)
    /// Up to so many bytes are copied behind a frame's header.
    private static let mostFramed = 4 << 10

    private let reader: StreamReader
    private let eventLoop: any EventLoop
    private lazy var bell = TailBell(self, on: self.eventLoop)
    private var waiting: [ConnectionHandler] = []
    /// What they wait with: begun for the first, and enough for who comes meanwhile, since all are at the end; but that can
    /// be before where it was, when bytes that had come could not be stored.
    private var wait: GrowthWait?
    private var isWaiting = false
    private var awaited = (offset: Int64(0), state: StreamState.live)
    /// What came or was read last, and where it begins.
    private var recent: (offset: Int64, bytes: ByteBuffer)? {
        didSet { self.recentFrame = nil }
    }
    /// The same as a frame, once somebody wanted it.
    private var recentFrame: ByteBuffer?

    init(_ reader: StreamReader, on eventLoop: any EventLoop) {
        self.reader = reader
        self.eventLoop = eventLoop
    }

    var status: StreamStatus { self.reader.status }

    /// What came last, as a frame that all subscribers are sent, where it begins at `offset` and is so small that a header
    /// of its own would be felt.
    ///
    /// - Returns: The frame, and how many bytes of the stream it carries: `count` at most.
    func frame(at offset: Int64, count: Int) -> (bytes: ByteBuffer, count: Int)? {
        guard let recent = self.recent, recent.offset == offset else { return nil }
        let length = recent.bytes.readableBytes
        guard length > 0, length <= min(count, Self.mostFramed) else { return nil }
        if let frame = self.recentFrame { return (frame, length) }
        var frame = ByteBufferAllocator().buffer(capacity: length + FrameHeader.maximumEncodedLength)
        frame.writeFrame(.binary, payload: recent.bytes)
        self.recentFrame = frame
        return (frame, length)
    }

    /// Bytes from `offset` on, from what another subscriber has just read where that has them.
    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        if let recent = self.recent, offset >= recent.offset {
            let start = Int(clamping: offset - recent.offset)
            let length = min(count, recent.bytes.readableBytes - start)
            if length > 0, let bytes = recent.bytes.getSlice(at: recent.bytes.readerIndex + start, length: length) {
                return .now(bytes)
            }
        }
        let answer = try self.reader.read(at: offset, count: count)
        if case .now(let bytes) = answer { self.recent = (offset, bytes) }
        return answer
    }

    /// Calls ``ConnectionHandler/subscriptionMayGoOn()`` once the stream is longer than `offset` or changes its state.
    func wait(_ handler: ConnectionHandler, past offset: Int64, while state: StreamState) {
        self.waiting.append(handler)
        guard !self.isWaiting || offset < self.awaited.offset else { return }
        self.isWaiting = true
        self.awaited = (offset, state)
        self.wait = self.reader.observeGrowth(past: offset, while: state, self.bell)
    }

    /// The wait is over. A backend that ends it though nothing has changed is asked again a little later: asked at once, it
    /// would keep the event loop from everything else.
    fileprivate func grew(_ growth: StreamGrowth) {
        if let bytes = growth.latest { self.recent = (growth.status.size - Int64(bytes.readableBytes), bytes) }
        let status = self.status
        guard status.size <= self.awaited.offset, status.state == self.awaited.state else { return self.wake() }
        let bound = NIOLoopBound(WeakTail(tail: self), eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.pause) { bound.value.tail?.wake() }
    }

    /// A subscriber leaves.
    func leave(_ handler: ConnectionHandler) { self.waiting.removeAll { $0 === handler } }

    private func wake() {
        self.isWaiting = false
        let ready = self.waiting
        self.waiting = []
        for handler in ready { handler.subscriptionMayGoOn() }
    }

    fileprivate struct WeakTail {
        weak var tail: LiveTail?
    }
}

/// Tells a tail, on its event loop, that its stream has grown.
private final class TailBell: GrowthObserver {
    private let tail: NIOLoopBound<LiveTail.WeakTail>
    private let eventLoop: any EventLoop

    init(_ tail: LiveTail, on eventLoop: any EventLoop) {
        self.tail = NIOLoopBound(LiveTail.WeakTail(tail: tail), eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    func streamHasGrown(_ growth: StreamGrowth) {
        self.eventLoop.execute { self.tail.value.tail?.grew(growth) }
    }
}

/// The live tails of one event loop, by server and stream.
final class LiveTails {
    private struct Key: Hashable {
        var server: ObjectIdentifier
        var streamID: String
    }

    private struct Entry {
        weak var tail: LiveTail?
    }

    private var entries: [Key: Entry] = [:]

    // Safe to share: each thread sees its own value only (pthread_getspecific(3)), and an event loop is one thread.
    nonisolated(unsafe) private static let ofThread = ThreadSpecificVariable<LiveTails>()

    /// The live tails of the calling event loop.
    static var current: LiveTails {
        if let tails = self.ofThread.currentValue { return tails }
        let tails = LiveTails()
        self.ofThread.currentValue = tails
        return tails
    }

    /// The tail of a stream, made by `reader` where there is none, or where the stream that it tails is gone.
    func tail(of streamID: String, at server: ServerLoad, _ reader: StreamReader, on eventLoop: any EventLoop)
        -> LiveTail
    {
        let key = Key(server: ObjectIdentifier(server), streamID: streamID)
        if let tail = self.entries[key]?.tail, tail.status.state != .removed { return tail }
        self.entries = self.entries.filter { $0.value.tail != nil }
        let tail = LiveTail(reader, on: eventLoop)
        self.entries[key] = Entry(tail: tail)
        return tail
    }
}
