import NIOCore
import Wire

/// Asks for a stream, range by range, and hands the bytes to a sink as they arrive.
final class DownloadPump<Sink: ChunkSink>: Activity {
    let name: String
    private(set) var progress: Int64 = 0
    /// While the sink is full nothing is asked for, and nothing comes.
    var isPatient: Bool { self.queue.isFull }
    private let streamID: String
    private var plan: DownloadPlan
    private let queue: SinkQueue<Sink>
    private let promise: EventLoopPromise<PumpResult<Sink>>
    private let observer: @Sendable (ClientEvent) -> Void
    private var untold: Int64 = 0
    private var isOver = false

    init(
        streamID: String,
        plan: DownloadPlan,
        sink: Sink,
        name: String,
        observer: @escaping @Sendable (ClientEvent) -> Void,
        promise: EventLoopPromise<PumpResult<Sink>>
    ) {
        self.streamID = streamID
        self.plan = plan
        self.queue = SinkQueue(sink, on: promise.futureResult.eventLoop)
        self.name = name
        self.observer = observer
        self.promise = promise
    }

    func begin(on line: ConnectionHandler) {
        self.queue.changed = { self.queueChanged(line) }
        if self.plan.isComplete {
            self.finish(line)
        } else {
            self.ask(line)
            line.flush()
        }
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {
        guard !self.isOver else { return }
        do throws(ClientError) {
            let step = try self.plan.received(payload.readableBytes, endsMessage: endsMessage)
            try self.queue.write(payload)
            self.progress += 1
            self.untold += Int64(payload.readableBytes)
            if step == .complete { self.finish(line) }
        } catch {
            line.fail(error)
        }
    }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        guard message.kind == .error, !self.isOver else { return }
        if self.plan.refused(message.message) {
            self.finish(line)
        } else {
            // Answers to the GETs after this one are still on their way, so that the connection is of no more use.
            line.fail(ErrorHandler.refused(message, while: self.name))
        }
    }

    func batchEnded(on line: ConnectionHandler) {
        guard !self.isOver else { return }
        self.tell()
        self.ask(line)
    }

    func failed(_ error: ClientError) {
        guard !self.isOver else { return }
        if error.cause == .cancelled { self.queue.giveUp() }
        self.close(error)
    }

    private func queueChanged(_ line: ConnectionHandler) {
        guard !self.isOver else { return }
        do throws(ClientError) {
            try self.queue.check()
            self.ask(line)
            line.flush()
        } catch {
            line.fail(error)
        }
    }

    private func ask(_ line: ConnectionHandler) {
        while !self.queue.isFull, let range = self.plan.nextGet() {
            let get = ClientMessage.Get(streamID: self.streamID, offset: range.offset, length: range.length)
            line.send(ClientRequest(.get(get)))
        }
    }

    private func tell() {
        guard self.untold > 0 else { return }
        self.observer(.received(self.untold))
        self.untold = 0
    }

    private func finish(_ line: ConnectionHandler) {
        line.finished()
        self.close(nil)
    }

    /// Is over once everything that came is written.
    private func close(_ error: ClientError?) {
        self.isOver = true
        self.tell()
        self.queue.finish { sink, failure in
            self.promise.succeed(
                PumpResult(handled: sink, count: self.plan.delivered, error: failure ?? error)
            )
        }
    }
}
