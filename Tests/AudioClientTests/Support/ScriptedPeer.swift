import NIOCore
import NIOPosix
import Wire

/// The server's end of one connection, led by a script.
///
/// Reads with the strict parser of a server, so that a frame that is not masked is a failure of whoever sent it.
final class ScriptedPeer {
    /// What a client sent.
    enum Received: Equatable {
        case message(ClientMessage)
        case bytes([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(CloseCode?)
        case end
    }

    /// The script expected something else.
    struct Surprise: Error, CustomStringConvertible {
        var description: String
    }

    // Guarded by there being one task, the script's, that ever holds a peer.
    nonisolated(unsafe) private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let channel: any Channel
    private var parser = FrameParser(role: .server)
    private var unread = ByteBuffer()
    private var payload: [UInt8] = []
    private var isClosed = false
    /// The key of each binary frame.
    private(set) var keys: [MaskingKey] = []
    /// The texts as they came.
    private(set) var texts: [String] = []
    /// The head of the request.
    private(set) var request = ""

    init(
        _ channel: any Channel,
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    // MARK: Handshake

    /// Reads the request.
    func readRequest() async throws {
        while !self.request.contains("\r\n\r\n") {
            guard let bytes = try await self.inbound.next() else { throw Surprise(description: "no request") }
            self.request += String(buffer: bytes)
        }
    }

    /// A field of the request.
    func field(_ name: String) -> String? {
        for line in self.request.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { continue }
            return String(parts[1].drop { $0 == " " })
        }
        return nil
    }

    /// The head that accepts the request.
    func acceptance(server: String?) throws -> String {
        guard let key = self.field("Sec-WebSocket-Key") else { throw Surprise(description: "no key") }
        var head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        if let server { head += "Server: \(server)\r\n" }
        return head + "Sec-WebSocket-Accept: \(Handshake.accept(forKey: key))\r\n\r\n"
    }

    /// Reads the request and accepts it.
    func shakeHands(server: String? = nil, with firstFrames: ByteBuffer = ByteBuffer()) async throws {
        try await self.readRequest()
        var answer = ByteBuffer(string: try self.acceptance(server: server))
        answer.writeImmutableBuffer(firstFrames)
        try await self.outbound.write(answer)
    }

    // MARK: What the client says

    /// The next thing that the client says.
    func next() async throws -> Received {
        while true {
            if let event = try self.parser.next(&self.unread) {
                switch event {
                case .binary(let bytes, let endsMessage):
                    self.payload += bytes.unmasked().readableBytesView
                    guard endsMessage else { continue }
                    self.keys.append(bytes.key)
                    defer { self.payload = [] }
                    return .bytes(self.payload)
                case .text(let text):
                    self.texts.append(String(buffer: text))
                    return .message(try ClientRequest(json: text).message)
                case .ping(let bytes): return .ping(Array(bytes.readableBytesView))
                case .pong(let bytes): return .pong(Array(bytes.readableBytesView))
                case .close(let code, _): return .close(code)
                }
            }
            do {
                guard let bytes = try await self.inbound.next() else { return .end }
                self.unread = bytes
            } catch is IOError {
                return .end
            }
        }
    }

    /// Waits for START.
    @discardableResult
    func expectStart() async throws -> ClientMessage.Start {
        let received = try await self.next()
        guard case .message(.start(let start)) = received else { throw Surprise(description: "\(received), not START") }
        return start
    }

    /// Waits for GET.
    @discardableResult
    func expectGet() async throws -> ClientMessage.Get {
        let received = try await self.next()
        guard case .message(.get(let get)) = received else { throw Surprise(description: "\(received), not GET") }
        return get
    }

    /// Waits for INFO.
    func expectInfo() async throws {
        let received = try await self.next()
        guard case .message(.info) = received else { throw Surprise(description: "\(received), not INFO") }
    }

    /// Gathers binary frames up to STOP.
    func expectUpload() async throws -> (frames: [[UInt8]], streamID: String?, sha256: String?) {
        var frames: [[UInt8]] = []
        while true {
            switch try await self.next() {
            case .bytes(let bytes): frames.append(bytes)
            case .message(.stop(let streamID, let sha256)): return (frames, streamID, sha256)
            case let other: throw Surprise(description: "\(other) in an upload")
            }
        }
    }

    // MARK: What the server says

    /// Sends a text frame.
    func say(_ text: String) async throws { try await self.frame(.text, Array(text.utf8)) }

    /// Sends a frame.
    func frame(_ opcode: Opcode, _ payload: [UInt8]) async throws {
        var buffer = ByteBuffer()
        buffer.writeFrame(opcode, payload: ByteBuffer(bytes: payload))
        try await self.outbound.write(buffer)
    }

    /// Sends bytes that are no frame, or a part of one.
    func raw(_ bytes: [UInt8]) async throws { try await self.outbound.write(ByteBuffer(bytes: bytes)) }

    /// Sends Close.
    func sayClose(_ code: CloseCode?) async throws {
        var buffer = ByteBuffer()
        buffer.writeCloseFrame(code)
        try await self.outbound.write(buffer)
    }

    /// Closes the TCP connection without a Close.
    func drop() async throws {
        self.isClosed = true
        try await self.channel.close()
    }

    /// Answers the client's Close, whatever comes before it.
    func sayGoodbye() async throws {
        while !self.isClosed {
            switch try await self.next() {
            case .close(let code):
                try await self.sayClose(code)
                try await self.drop()
            case .end: self.isClosed = true
            default: continue
            }
        }
    }
}
