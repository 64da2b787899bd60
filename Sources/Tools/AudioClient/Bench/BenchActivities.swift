import NIOCore
import Wire

/// Sends frames that were made before, as fast as the connection takes them.
final class BenchUploadPump: Activity {
    let name = "uploading"
    private(set) var progress: Int64 = 0
    private let source: BenchFrames
    private let promise: EventLoopPromise<Void>
    private var remaining: Int64
    private var inFlight = 0
    private var isOver = false
    private var isScheduled = false

    init(_ source: BenchFrames, frames: Int64, promise: EventLoopPromise<Void>) {
        self.source = source
        self.remaining = frames
        self.promise = promise
    }

    func begin(on line: ConnectionHandler) {
        self.pump(line)
        self.finishIfDone(line)
    }

    func becameWritable(on line: ConnectionHandler) { self.pump(line) }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        guard message.kind == .error else { return }
        line.fail(ErrorHandler.refused(message, while: self.name))
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {}

    func failed(_ error: ClientError) {
        guard !self.isOver else { return }
        self.isOver = true
        self.promise.fail(error)
    }

    private func pump(_ line: ConnectionHandler) {
        // A few blocks, then others on the event loop have their turn.
        var turn = 4
        while line.isWritable, self.remaining > 0, !self.isOver, turn > 0 {
            let (bytes, frames) = self.source.next(of: self.remaining)
            self.remaining -= Int64(frames)
            self.inFlight += 1
            turn -= 1
            line.write(bytes) { result in
                self.inFlight -= 1
                guard case .success = result else { return }
                self.progress += 1
                self.finishIfDone(line)
            }
            line.flush()
        }
        guard turn == 0, self.remaining > 0, line.isWritable, !self.isOver, !self.isScheduled else { return }
        self.isScheduled = true
        line.execute {
            self.isScheduled = false
            self.pump(line)
        }
    }

    private func finishIfDone(_ line: ConnectionHandler) {
        guard self.remaining == 0, self.inFlight == 0, !self.isOver else { return }
        self.isOver = true
        line.finished()
        self.promise.succeed()
    }
}

/// Asks for one range at a time, anywhere in a stream, and takes the times.
final class BenchGetPump: Activity {
    /// What came of it.
    struct Outcome: Sendable {
        var latencies = LatencyHistogram()
        var bytes: Int64 = 0
    }

    let name = "reading ranges"
    private(set) var progress: Int64 = 0
    private let streamID: String
    private let size: Int64
    private let length: Int64
    private let deadline: NIODeadline
    private let promise: EventLoopPromise<Outcome>
    private var outcome = Outcome()
    private var generator = SystemRandomNumberGenerator()
    private var asked = NIODeadline.now()
    private var received: Int64 = 0
    private var isOver = false

    init(_ streamID: String, size: Int64, length: Int, until deadline: NIODeadline, promise: EventLoopPromise<Outcome>)
    {
        self.streamID = streamID
        self.size = size
        self.length = min(Int64(length), size)
        self.deadline = deadline
        self.promise = promise
    }

    func begin(on line: ConnectionHandler) { self.ask(line) }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        guard message.kind == .error else { return }
        line.fail(ErrorHandler.refused(message, while: self.name))
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {
        self.received += Int64(payload.readableBytes)
        self.progress += 1
        guard endsMessage, !self.isOver else { return }
        let now = NIODeadline.now()
        guard self.received == self.length else {
            return line.fail(
                ClientError(.badData, "The server answered \(self.received) bytes where \(self.length) are there.")
            )
        }
        self.outcome.latencies.record((now - self.asked).nanoseconds)
        self.outcome.bytes += self.received
        guard now < self.deadline else {
            self.isOver = true
            line.finished()
            return self.promise.succeed(self.outcome)
        }
        self.ask(line)
    }

    func failed(_ error: ClientError) {
        guard !self.isOver else { return }
        self.isOver = true
        self.promise.fail(error)
    }

    private func ask(_ line: ConnectionHandler) {
        let places = self.size / self.length
        let offset = Int64.random(in: 0..<places, using: &self.generator) * self.length
        self.received = 0
        self.asked = .now()
        line.send(ClientRequest(.get(ClientMessage.Get(streamID: self.streamID, offset: offset, length: self.length))))
        line.flush()
    }
}

/// Sends a packet of audio every so often, with the time in it.
final class BenchLiveWriter: Activity {
    let name = "writing live"
    let progress: Int64 = 0
    let isPatient = true
    private let length: Int
    private let interval: TimeAmount
    private let promise: EventLoopPromise<Int64>
    private let deadline: NIODeadline
    private var next: NIODeadline
    private var packets: Int64 = 0
    private var isOver = false

    init(packetLength: Int, interval: TimeAmount, until deadline: NIODeadline, promise: EventLoopPromise<Int64>) {
        self.length = packetLength
        self.interval = interval
        self.deadline = deadline
        self.promise = promise
        // Microphones do not beat time together.
        self.next = .now() + .nanoseconds(Int64.random(in: 0...interval.nanoseconds))
    }

    func begin(on line: ConnectionHandler) { self.scheduleNext(line) }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        guard message.kind == .error else { return }
        line.fail(ErrorHandler.refused(message, while: self.name))
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {}

    func failed(_ error: ClientError) {
        guard !self.isOver else { return }
        self.isOver = true
        self.promise.fail(error)
    }

    private func scheduleNext(_ line: ConnectionHandler) {
        let wait = max(TimeAmount.zero, self.next - .now())
        line.schedule(in: wait) { self.tick(line) }
    }

    private func tick(_ line: ConnectionHandler) {
        guard !self.isOver else { return }
        guard self.next < self.deadline else {
            self.isOver = true
            line.finished()
            return self.promise.succeed(self.packets)
        }
        let packet = TimestampedPackets.packet(at: NIODeadline.now().uptimeNanoseconds, length: self.length)
        var frame = ByteBufferAllocator().buffer(capacity: self.length + FrameHeader.maximumEncodedLength)
        frame.writeFrame(.binary, payload: packet, maskingKey: line.makeKey())
        line.write(frame) { _ in }
        line.flush()
        self.packets += 1
        self.next = self.next + self.interval
        self.scheduleNext(line)
    }
}
