import NIOCore
import Wire

extension ConnectionHandler {
    /// Hands bytes to the socket, to go out with the next flush.
    func write(_ bytes: ByteBuffer) {
        self.written += Int64(bytes.readableBytes)
        self.context?.write(Self.wrapOutboundOut(bytes), promise: nil)
    }

    /// A frame's header. Most answers have the same length, and share its bytes.
    func header(_ opcode: Opcode, length: Int64) -> ByteBuffer {
        if opcode == .binary, let cached = self.headerOfLength, cached.length == length { return cached.header }
        var buffer = ByteBufferAllocator().buffer(capacity: FrameHeader.maximumEncodedLength)
        FrameHeader(opcode: opcode, payloadLength: length).encode(into: &buffer)
        if opcode == .binary { self.headerOfLength = (length, buffer) }
        return buffer
    }

    /// Sends a control message, once the frame that is on its way is complete.
    func send(_ message: ServerMessage) {
        if message.kind == .error, let code = message.code { self.service.metrics.failed(code) }
        let json = message.json()
        var frame = ByteBufferAllocator().buffer(capacity: json.readableBytes + FrameHeader.maximumEncodedLength)
        frame.writeFrame(.text, payload: json)
        self.sendBetweenFrames(frame)
    }

    /// Answers a ping. Of several that wait, the last one is the answer to all (RFC 6455, 5.5.3).
    func pong(_ payload: ByteBuffer) {
        guard self.transfer?.hasBegun != true else {
            self.pendingPong = payload
            return
        }
        var frame = ByteBuffer()
        frame.writeFrame(.pong, payload: payload)
        self.write(frame)
        self.context?.flush()
    }

    func ping() {
        var frame = ByteBuffer()
        frame.writeFrame(.ping, payload: ByteBuffer())
        self.sendBetweenFrames(frame)
    }

    func greet() {
        var greeting = ServerMessage(.connected, message: "Connected to \(ServerIdentity.product)")
        greeting.server = ServerIdentity.headerValue
        self.send(greeting)
    }

    private func sendBetweenFrames(_ frame: ByteBuffer) {
        guard !self.isClosing else { return }
        guard self.transfer?.hasBegun != true else {
            self.deferred.append(frame)
            return
        }
        self.write(frame)
        self.context?.flush()
    }

    /// Sends what had to wait for a frame to be complete.
    func sendDeferred() {
        for frame in self.deferred { self.write(frame) }
        self.deferred = []
        if let payload = self.pendingPong {
            self.pendingPong = nil
            self.pong(payload)
        }
    }
}
