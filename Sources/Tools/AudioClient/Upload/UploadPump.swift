import DequeModule
import NIOCore
import Wire

/// How far the bytes of an upload got.
struct PumpResult<Handled: Sendable>: Sendable {
    /// The source or sink, as it was left.
    var handled: Handled
    /// How many bytes went by.
    var count: Int64
    /// Why it broke off, if it did.
    var error: ClientError?
}

/// Sends a source's bytes, one binary frame a chunk, as fast as the connection takes them. A source that has less than a
/// chunk gets a shorter frame, so that nothing waits for more to come.
///
/// Frames are built in a few buffers that are used over and over: the source writes behind the header, and the mask
/// goes over the bytes while they are in the processor's cache.
final class UploadPump<Source: ChunkSource>: Activity {
    let name: String
    private(set) var progress: Int64 = 0
    /// While the source has nothing, nothing is sent.
    var isPatient: Bool { self.isStarved && self.inFlight.isEmpty }
    private var source: Source
    private let chunkSize: Int
    private let promise: EventLoopPromise<PumpResult<Source>>
    private let observer: @Sendable (ClientEvent) -> Void

    private var written: Int64 = 0
    private var isAtEnd = false
    /// Whether the source has nothing for now, and calls when it has.
    private var isStarved = false
    private var isScheduled = false
    private var isOver = false
    /// What is on its way: the buffer and the payload in it.
    private var inFlight: Deque<(buffer: ByteBuffer, payload: Int64)> = []
    private var free: [ByteBuffer] = []

    /// How many bytes one buffer holds at least, where there are so many.
    private var batch: Int { max(256 << 10, self.chunkSize) }
    /// How many bytes to send before others on the event loop have their turn.
    private let turn: Int64 = 4 << 20

    init(
        _ source: Source,
        chunkSize: Int,
        name: String,
        observer: @escaping @Sendable (ClientEvent) -> Void,
        promise: EventLoopPromise<PumpResult<Source>>
    ) {
        self.source = source
        self.chunkSize = chunkSize
        self.name = name
        self.observer = observer
        self.promise = promise
    }

    func begin(on line: ConnectionHandler) { self.pump(line) }

    func becameWritable(on line: ConnectionHandler) { self.pump(line) }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        switch message.kind {
        case .ack:
            if let offset = message.durableOffset ?? message.offset { self.source.stored(upTo: offset) }
        case .error:
            line.finished()
            self.failed(ErrorHandler.refused(message, while: self.name))
        default: break
        }
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {}

    func failed(_ error: ClientError) {
        guard !self.isOver else { return }
        self.isOver = true
        self.promise.succeed(PumpResult(handled: self.source, count: self.written, error: error))
    }

    private func pump(_ line: ConnectionHandler) {
        var sent: Int64 = 0
        while line.isWritable, self.hasMore, sent < self.turn {
            while line.isWritable, self.hasMore { sent += self.writeBatch(line) }
            line.flush()
        }
        guard !self.isOver else { return }
        if self.isAtEnd {
            self.finishIfDone(line)
        } else if self.isStarved {
            return
        } else if sent >= self.turn, !self.isScheduled {
            self.isScheduled = true
            line.execute {
                self.isScheduled = false
                self.pump(line)
            }
        }
    }

    /// Fills one buffer with frames and writes it.
    private func writeBatch(_ line: ConnectionHandler) -> Int64 {
        let capacity = self.batch + (self.batch / self.chunkSize + 1) * FrameHeader.maximumEncodedLength
        var buffer = self.free.popLast() ?? ByteBufferAllocator().buffer(capacity: capacity + self.chunkSize)
        buffer.clear()
        var payload: Int64 = 0
        do throws(ClientError) {
            while payload < self.batch, self.hasMore {
                payload += Int64(try self.appendFrame(to: &buffer, key: line.makeKey()))
            }
        } catch {
            line.fail(error)
            return 0
        }
        if self.isStarved { self.waitForSource(line) }
        guard payload > 0 else {
            self.free.append(buffer)
            return 0
        }
        self.written += payload
        self.inFlight.append((buffer, payload))
        line.write(buffer) { result in self.batchWritten(result, line) }
        return payload
    }

    /// Appends one frame, or nothing at the end: an empty frame is never sent.
    private func appendFrame(to buffer: inout ByteBuffer, key: MaskingKey) throws(ClientError) -> Int {
        let start = buffer.writerIndex
        FrameHeader(opcode: .binary, payloadLength: Int64(self.chunkSize), maskingKey: key).encode(into: &buffer)
        let count = try self.readChunk(into: &buffer)
        guard count == self.chunkSize else {
            self.isAtEnd = self.source.isAtEnd
            self.isStarved = !self.isAtEnd
            // The last chunk's header may be a shorter one.
            let rest = buffer.getSlice(at: buffer.writerIndex - count, length: count)
            buffer.moveWriterIndex(to: start)
            if count > 0, let rest { buffer.writeFrame(.binary, payload: rest, maskingKey: key) }
            return count
        }
        buffer.withUnsafeMutableReadableBytes { bytes in
            let payload = UnsafeMutableRawBufferPointer(rebasing: bytes.suffix(count))
            key.apply(from: UnsafeRawBufferPointer(payload), to: payload)
        }
        return count
    }

    private var hasMore: Bool { !self.isAtEnd && !self.isStarved && !self.isOver }

    private func waitForSource(_ line: ConnectionHandler) {
        self.source.whenReadable(
            line.waker {
                guard self.isStarved, !self.isOver else { return }
                self.isStarved = false
                self.pump(line)
            }
        )
    }

    private func readChunk(into buffer: inout ByteBuffer) throws(ClientError) -> Int {
        var failure: ClientError?
        let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: self.chunkSize) { target in
            do throws(ClientError) {
                return try self.source.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<self.chunkSize]))
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count
    }

    private func batchWritten(_ result: Result<Void, any Error>, _ line: ConnectionHandler) {
        guard let (buffer, payload) = self.inFlight.popFirst() else { return }
        // A failed write is told of by the channel, which may have the server's reason to add.
        guard case .success = result, !self.isOver else { return }
        self.free.append(buffer)
        self.progress += payload
        self.observer(.sent(payload))
        self.finishIfDone(line)
    }

    private func finishIfDone(_ line: ConnectionHandler) {
        guard self.isAtEnd, self.inFlight.isEmpty, !self.isOver else { return }
        self.isOver = true
        line.finished()
        self.promise.succeed(PumpResult(handled: self.source, count: self.written, error: nil))
    }
}
