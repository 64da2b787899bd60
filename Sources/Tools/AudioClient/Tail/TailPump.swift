import Logging
import NIOCore
import Wire

/// What one connection's part of following a stream came to.
struct TailResult<Sink: Sendable>: Sendable {
    /// The sink, as it was left.
    var sink: Sink
    /// What is written, and what is not.
    var plan: TailPlan
    /// What the server said at the end.
    var end: ServerMessage?
    /// Why it broke off, if it did.
    var error: ClientError?
}

/// Subscribes to a stream, and hands the bytes to a sink as they arrive. A sink that is slow holds the server back.
final class TailPump<Sink: ChunkSink>: Activity {
    let name: String
    private(set) var progress: Int64 = 0
    private(set) var isPatient = false
    private let streamID: String
    private var plan: TailPlan
    private let queue: SinkQueue<Sink>
    private let promise: EventLoopPromise<TailResult<Sink>>
    private let observer: @Sendable (ClientEvent) -> Void
    private let requestID = RequestID.integer(1)
    private var isOver = false

    init(
        _ streamID: String,
        plan: TailPlan,
        sink: Sink,
        name: String,
        observer: @escaping @Sendable (ClientEvent) -> Void,
        promise: EventLoopPromise<TailResult<Sink>>
    ) {
        self.streamID = streamID
        self.plan = plan
        self.name = name
        self.observer = observer
        self.promise = promise
        self.queue = SinkQueue(sink, on: promise.futureResult.eventLoop)
    }

    func begin(on line: ConnectionHandler) {
        self.queue.changed = { self.queueChanged(line) }
        let offset = self.plan.connected()
        line.send(ClientRequest(.subscribe(streamID: self.streamID, offset: offset), requestID: self.requestID))
        line.flush()
    }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        guard !self.isOver else { return }
        do throws(ClientError) {
            switch message.kind {
            case .subscribed:
                try self.plan.subscribed(at: message.offset, size: message.size)
                self.isPatient = true
                self.progress += 1
            case .end:
                try self.plan.ended(size: message.size)
                self.finish(line, end: message, error: nil)
            case .error:
                self.finish(line, end: nil, error: ErrorHandler.refused(message, while: self.name))
            default: line.logger.debug("passed over a message", metadata: ["type": "\(message.kind)"])
            }
        } catch {
            line.fail(error)
        }
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {
        guard !self.isOver else { return }
        do throws(ClientError) {
            var payload = payload
            payload.moveReaderIndex(forwardBy: try self.plan.received(payload.readableBytes))
            self.progress += 1
            guard payload.readableBytes > 0 else { return }
            try self.queue.write(payload)
            self.observer(.received(Int64(payload.readableBytes)))
            if self.queue.isFull { line.pauseReading() }
        } catch {
            line.fail(error)
        }
    }

    func failed(_ error: ClientError) {
        guard !self.isOver else { return }
        if error.cause == .cancelled { self.queue.giveUp() }
        self.close(end: nil, error: error)
    }

    private func queueChanged(_ line: ConnectionHandler) {
        do throws(ClientError) {
            try self.queue.check()
            if !self.queue.isFull { line.resumeReading() }
        } catch {
            line.fail(error)
        }
    }

    private func finish(_ line: ConnectionHandler, end: ServerMessage?, error: ClientError?) {
        line.resumeReading()
        line.finished()
        self.close(end: end, error: error)
    }

    /// Is over once everything that came is written, so that the next connection goes on behind it.
    private func close(end: ServerMessage?, error: ClientError?) {
        self.isOver = true
        self.queue.finish { sink, failure in
            self.promise.succeed(TailResult(sink: sink, plan: self.plan, end: end, error: failure ?? error))
        }
    }
}
