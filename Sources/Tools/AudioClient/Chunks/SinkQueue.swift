import NIOCore
import NIOPosix

/// Brings bytes from an event loop to a sink: at once where that is quick, else in order on another thread, so that a
/// slow disk or a player that pauses holds up nothing but the bytes.
///
/// Confined to its event loop.
final class SinkQueue<Sink: ChunkSink> {
    /// With so many bytes waiting, no more should be fetched.
    private let limit = 4 << 20
    /// Slices up to this long are copied, so that they don't keep a whole receive buffer alive.
    private let small = 16 << 10

    private let eventLoop: any EventLoop
    private var sink: Sink
    private var waiting: [ByteBuffer] = []
    private var waitingBytes = 0
    private var isWriting = false
    private var failure: ClientError?
    private var completion: ((Sink, ClientError?) -> Void)?
    /// Called when there is room again after ``isFull``, or when writing has failed.
    var changed: (() -> Void)?

    init(_ sink: Sink, on eventLoop: any EventLoop) {
        self.sink = sink
        self.eventLoop = eventLoop
    }

    /// Whether no more should be fetched for now.
    var isFull: Bool { self.waitingBytes >= self.limit }

    /// Takes the next bytes. Throws why these, or some before them, could not be written.
    func write(_ bytes: ByteBuffer) throws(ClientError) {
        if let failure = self.failure { throw failure }
        guard Sink.mayBlock else { return try self.sink.write(bytes) }
        guard bytes.readableBytes > 0 else { return }
        self.waiting.append(bytes.readableBytes <= self.small ? ByteBuffer(bytes: bytes.readableBytesView) : bytes)
        self.waitingBytes += bytes.readableBytes
        self.writeOut()
    }

    /// Why writing failed, if it did.
    func check() throws(ClientError) {
        if let failure = self.failure { throw failure }
    }

    /// Makes what is being written end soon.
    func giveUp() { self.sink.giveUp() }

    /// Calls `completion` once everything is written, with the sink as it was left.
    func finish(_ completion: @escaping (Sink, ClientError?) -> Void) {
        self.changed = nil
        self.completion = completion
        self.writeOut()
    }

    private func writeOut() {
        guard !self.isWriting else { return }
        guard self.failure == nil, !self.waiting.isEmpty else {
            if let completion = self.completion {
                self.completion = nil
                completion(self.sink, self.failure)
            }
            return
        }
        let batch = self.waiting
        let sink = self.sink
        self.waiting = []
        self.isWriting = true
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) { () -> (Sink, ClientError?) in
            var sink = sink
            do throws(ClientError) {
                for bytes in batch { try sink.write(bytes) }
                return (sink, nil)
            } catch {
                return (sink, error)
            }
        }.assumeIsolated().whenComplete { result in
            self.isWriting = false
            self.waitingBytes -= batch.reduce(0) { $0 + $1.readableBytes }
            switch result {
            case .success((let sink, let failure)):
                self.sink = sink
                self.failure = failure
            case .failure(let error):
                self.failure = ErrorHandler.clientError(error, while: "writing")
            }
            self.changed?()
            self.writeOut()
        }
    }
}
