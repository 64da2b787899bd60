import CacheProtocol
import NIOCore
import NIOPosix

/// One stream's live end as one event loop sees it: all subscribers of this loop wait together, and what one of them
/// reads at the end is what the others are sent too, the same bytes in the same memory.
///
/// Confined to its event loop. Exists as long as it has subscribers.
final class LiveTail {
    /// How long to leave a backend alone that ended a wait for nothing.
    private static let pause = TimeAmount.milliseconds(10)

    private let reader: StreamReader
    private let eventLoop: any EventLoop
    private let executor: EventLoopExecutor
    private var waiting: [ConnectionHandler] = []
    private var waitTask: Task<Void, Never>?
    /// What was read last, and where it begins.
    private var recent: (offset: Int64, bytes: ByteBuffer)?

    init(_ reader: StreamReader, on eventLoop: any EventLoop, _ executor: EventLoopExecutor) {
        self.reader = reader
        self.eventLoop = eventLoop
        self.executor = executor
    }

    deinit { self.waitTask?.cancel() }

    var status: StreamStatus { self.reader.status }

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
        guard self.waitTask == nil else { return }
        let reader = self.reader
        let bound = NIOLoopBound(WeakTail(tail: self), eventLoop: self.eventLoop)
        self.waitTask = Task(executorPreference: self.executor) {
            _ = try? await reader.grown(past: offset, while: state)
            bound.value.tail?.ended(past: offset, while: state)
        }
    }

    /// The wait is over. A backend that ends it though nothing has changed is asked again a little later: asked at once, it
    /// would keep the event loop from everything else.
    private func ended(past offset: Int64, while state: StreamState) {
        let status = self.status
        guard status.size <= offset, status.state == state else { return self.wake() }
        let bound = NIOLoopBound(WeakTail(tail: self), eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.pause) { bound.value.tail?.wake() }
    }

    /// A subscriber leaves.
    func leave(_ handler: ConnectionHandler) { self.waiting.removeAll { $0 === handler } }

    private func wake() {
        self.waitTask = nil
        let ready = self.waiting
        self.waiting = []
        for handler in ready { handler.subscriptionMayGoOn() }
    }

    private struct WeakTail {
        weak var tail: LiveTail?
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
    private var executor: EventLoopExecutor?

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
        let executor = self.executor ?? EventLoopExecutor(eventLoop)
        self.executor = executor
        let tail = LiveTail(reader, on: eventLoop, executor)
        self.entries[key] = Entry(tail: tail)
        return tail
    }
}
