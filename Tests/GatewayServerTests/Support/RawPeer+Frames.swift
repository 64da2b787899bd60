import NIOCore
import Wire

/// A frame of a server, as it came.
struct RawFrame: Sendable {
    var isFinal: Bool
    var opcode: Opcode
    var payload: ByteBuffer

    var text: String { String(buffer: self.payload) }
}

extension RawPeer {
    // MARK: Sending

    /// Sends a frame.
    ///
    /// - Parameter key: What it is masked with; all zeros is fine too.
    func sendFrame(
        _ opcode: Opcode,
        _ payload: some Sequence<UInt8>,
        isFinal: Bool = true,
        key: MaskingKey = MaskingKey(littleEndian: 0x1F_E2_9A_07)
    ) {
        var frame = ByteBuffer()
        frame.write(opcode, payload, isFinal: isFinal, key: key)
        self.send(frame)
    }

    /// Sends a control message.
    func say(_ json: String) { self.sendFrame(.text, json.utf8) }

    /// Sends control messages that the server gets by one read.
    func sayTogether(_ messages: String...) {
        var frames = ByteBuffer()
        for json in messages { frames.write(.text, json.utf8, isFinal: true, key: .zero) }
        self.send(frames)
    }

    /// Sends bytes of an upload, in frames of a length.
    func upload(_ bytes: [UInt8], frameLength: Int = 65_536, key: MaskingKey = .zero) {
        var start = 0
        while start < bytes.count {
            let end = min(start + frameLength, bytes.count)
            self.sendFrame(.binary, bytes[start..<end], key: key)
            start = end
        }
    }

    /// Sends a Close.
    func sayClose(_ code: UInt16? = 1_000) {
        self.sendFrame(.close, code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? [])
    }

    // MARK: Receiving

    /// The next frame.
    func frame() async throws -> RawFrame {
        try await self.take("a frame") { unread in try unread.readFrame() }
    }

    /// The next frame, which is to be text; what it says, letter by letter.
    func text() async throws -> String {
        let frame = try await self.frame()
        guard frame.isFinal, frame.opcode == .text else { throw Surprise("not text but \(frame)") }
        return frame.text
    }

    /// The next frame, which is to be a control message.
    func message() async throws -> ServerMessage {
        let text = try await self.text()
        guard let message = try ServerMessage.decode(json: ByteBuffer(string: text)) else {
            throw Surprise("no known message: \(text)")
        }
        return message
    }

    /// The next frame, which is to be a control message of a kind.
    @discardableResult
    func expect(_ kind: ServerMessage.Kind) async throws -> ServerMessage {
        let message = try await self.message()
        guard message.kind == kind else { throw Surprise("not \(kind.rawValue) but \(message)") }
        return message
    }

    /// The next frame, which is to be an error of a code.
    @discardableResult
    func expectError(_ code: ErrorCode) async throws -> ServerMessage {
        let message = try await self.expect(.error)
        guard message.code == code else { throw Surprise("not \(code) but \(message)") }
        return message
    }

    /// The next frame, which is to be bytes in one piece.
    func bytes() async throws -> ByteBuffer {
        let frame = try await self.frame()
        guard frame.isFinal, frame.opcode == .binary else {
            throw Surprise("not whole binary but \(frame.opcode): \(frame.text.prefix(300))")
        }
        return frame.payload
    }

    /// The next frame, which is to be a Close.
    @discardableResult
    func expectClose(_ code: UInt16?) async throws -> String {
        let frame = try await self.frame()
        guard frame.opcode == .close else { throw Surprise("not Close but \(frame.opcode): \(frame.text)") }
        var payload = frame.payload
        let found = payload.readInteger(as: UInt16.self)
        guard found == code else { throw Surprise("Close with \(found.map(String.init) ?? "no code"), \(frame.text)") }
        return String(buffer: payload)
    }

    // MARK: Both

    /// Asks, and reads the answer.
    func ask(_ json: String, _ kind: ServerMessage.Kind) async throws -> ServerMessage {
        self.say(json)
        return try await self.expect(kind)
    }

    /// Makes sure that the server has dealt with everything that was sent, and said nothing about it.
    func settle() async throws { _ = try await self.ask(#"{"type":"PING"}"#, .pong) }

    /// Begins a stream.
    @discardableResult
    func start(_ streamID: String, _ more: String = "") async throws -> ServerMessage {
        try await self.ask(#"{"type":"START","streamId":"\#(streamID)"\#(more)}"#, .started)
    }

    /// Ends the stream.
    @discardableResult
    func stop(_ streamID: String, _ more: String = "") async throws -> ServerMessage {
        try await self.ask(#"{"type":"STOP","streamId":"\#(streamID)"\#(more)}"#, .stopped)
    }

    /// Asks for a range, in the words of the base protocol.
    func get(_ streamID: String, _ offset: Int64, _ length: Int64, _ more: String = "") {
        self.say(#"{"type":"GET","streamId":"\#(streamID)","offset":\#(offset),"length":\#(length)\#(more)}"#)
    }

    /// Reads a range.
    func read(_ streamID: String, _ offset: Int64, _ length: Int64) async throws -> ByteBuffer {
        self.get(streamID, offset, length)
        return try await self.bytes()
    }

    /// Asks what is known about a stream.
    func info(_ streamID: String) async throws -> StreamDescription {
        let answer = try await self.ask(#"{"type":"INFO","streamId":"\#(streamID)"}"#, .info)
        guard let info = answer.info else { throw Surprise("INFO without facts") }
        return info
    }
}

extension ByteBuffer {
    /// Appends a frame of a client.
    mutating func write(
        _ opcode: Opcode,
        _ payload: some Sequence<UInt8>,
        isFinal: Bool = true,
        key: MaskingKey = MaskingKey(littleEndian: 0x1F_E2_9A_07)
    ) {
        let payload = Array(payload)
        FrameHeader(isFinal: isFinal, opcode: opcode, payloadLength: Int64(payload.count), maskingKey: key)
            .encode(into: &self)
        guard key != .zero else {
            self.writeBytes(payload)
            return
        }
        let keyBytes = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: key.littleEndian >> $0) }
        self.writeBytes(payload.enumerated().map { $0.element ^ keyBytes[$0.offset & 3] })
    }

    /// Takes a whole frame of a server, by RFC 6455, 5.2: not masked, in its shortest form.
    ///
    /// - Returns: `nil` where it is not all there.
    mutating func readFrame() throws -> RawFrame? {
        let start = self.readerIndex
        guard let first = self.getInteger(at: start, as: UInt8.self),
            let second = self.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        guard first & 0x70 == 0, let opcode = Opcode(rawValue: first & 0xF) else {
            throw RawPeer.Surprise("a frame that begins with \(first)")
        }
        guard second & 0x80 == 0 else { throw RawPeer.Surprise("a masked frame") }
        var position = start + 2
        var length = Int(second & 0x7F)
        if length == 126 {
            guard let short = self.getInteger(at: position, as: UInt16.self) else { return nil }
            guard short > 125 else { throw RawPeer.Surprise("a length of \(short) in three bytes") }
            length = Int(short)
            position += 2
        } else if length == 127 {
            guard let long = self.getInteger(at: position, as: UInt64.self) else { return nil }
            guard long > 65_535 else { throw RawPeer.Surprise("a length of \(long) in nine bytes") }
            length = Int(long)
            position += 8
        }
        guard let payload = self.getSlice(at: position, length: length) else { return nil }
        self.moveReaderIndex(to: position + length)
        // A copy, so that this buffer goes on being written without one.
        return RawFrame(
            isFinal: first & 0x80 != 0,
            opcode: opcode,
            payload: ByteBuffer(bytes: payload.readableBytesView)
        )
    }
}
