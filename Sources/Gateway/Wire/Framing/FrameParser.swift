public import NIOCore

/// Turns the bytes of a WebSocket connection into events (RFC 6455, 5), as they arrive, whatever the cuts.
///
/// A value without sockets and clocks. Binary payload is handed on slice by slice, never gathered, so memory does not
/// grow with the frame; nothing is ever allocated because a length was claimed. Text messages and control frames are
/// gathered, within ``Limits``. What RFC 6455 forbids is a ``FrameViolation``, found in the field of the header or
/// the byte of text that breaks it; only Close frames are judged whole.
///
/// However the same bytes are cut, the events are the same, but for where binary payload is cut.
public struct FrameParser: Sendable {
    /// Whose frames are read.
    public enum Role: Hashable, Sendable {
        /// A server reads frames of a client: each must be masked.
        case server
        /// A client reads frames of a server: none may be masked.
        case client
    }

    /// How much is accepted.
    public struct Limits: Hashable, Sendable {
        /// The longest frame, in payload bytes.
        public var frameLength: Int64 = 16 << 20
        /// The longest binary message, in bytes over all its fragments.
        public var binaryMessageLength: Int64 = 16 << 20
        /// The longest text message, in bytes over all its fragments.
        public var textMessageLength = 64 << 10
        /// The most frames that a text message may be cut into.
        public var textFragments = 1_024
        /// Whether text must be UTF-8 (RFC 6455, 8.1). Turned off by a client of servers that send audio as text.
        public var checksText = true

        /// The defaults.
        public init() {}
    }

    /// What the bytes said.
    public enum Event: Sendable {
        /// Some bytes of a binary message; with `endsMessage` the last ones, of which there may be none.
        case binary(MaskedBytes, endsMessage: Bool)
        /// A whole text message, unmasked and valid UTF-8. Drop it before parsing on: its memory is used again.
        case text(ByteBuffer)
        /// A ping, with the payload to send back.
        case ping(ByteBuffer)
        /// A pong.
        case pong(ByteBuffer)
        /// The peer closes; no further event follows.
        case close(CloseCode?, reason: String)
    }

    /// A message whose frames are still coming.
    private enum Message {
        case none
        case binary(length: Int64)
        case text(fragments: Int)
    }

    /// The frame whose payload is being read.
    private struct Frame {
        var opcode: Opcode
        var isFinal: Bool
        var remaining: Int64
        var key: MaskingKey
    }

    /// Up to how many bytes a text message's memory is kept for the next one.
    private static let keptTextCapacity = 4_096

    private let role: Role
    private let limits: Limits
    private var header = HeaderReader()
    private var frame: Frame?
    private var message = Message.none
    private var text = ByteBuffer()
    private var textValidator = UTF8Validator()
    private var control = ByteBuffer()
    private var isClosed = false

    /// A parser at the beginning of a connection's frames.
    ///
    /// - Parameters:
    ///   - role: Whose frames are read.
    ///   - limits: How much is accepted.
    public init(role: Role, limits: Limits = Limits()) {
        self.role = role
        self.limits = limits
    }

    /// Whether the bytes so far end between two frames, so that a connection cut here lost no part of one.
    public var isAtFrameBoundary: Bool { self.frame == nil && self.header.isEmpty }

    /// Whether a text message has begun and is not all there.
    public var isInsideText: Bool {
        if case .text = self.message { true } else { false }
    }

    /// Reads on until something can be told.
    ///
    /// - Parameter buffer: The next bytes; what was read is consumed.
    /// - Returns: What the bytes said, or `nil` once they are used up.
    /// - Throws: ``FrameViolation``; the parser is then of no more use.
    public mutating func next(_ buffer: inout ByteBuffer) throws(FrameViolation) -> Event? {
        while !self.isClosed {
            guard var frame = self.frame else {
                let context = HeaderReader.Context(role: self.role, isInsideMessage: self.isInsideMessage)
                guard let header = try self.header.read(from: &buffer, in: context) else { return nil }
                try self.begin(header)
                continue
            }
            let available = Int(clamping: min(frame.remaining, Int64(buffer.readableBytes)))
            guard available > 0 || frame.remaining == 0 else { return nil }
            guard let bytes = buffer.readSlice(length: available) else { return nil }
            let payload = MaskedBytes(bytes: bytes, key: frame.key)
            frame.remaining -= Int64(available)
            frame.key = frame.key.advanced(by: available)
            let isComplete = frame.remaining == 0
            self.frame = isComplete ? nil : frame
            if let event = try self.received(payload, of: frame, isComplete: isComplete) { return event }
        }
        return nil
    }

    // MARK: Headers

    private var isInsideMessage: Bool {
        if case .none = self.message { false } else { true }
    }

    private mutating func begin(_ header: FrameHeader) throws(FrameViolation) {
        if header.payloadLength > self.limits.frameLength {
            throw FrameViolation(.messageTooBig, "a frame of more than \(self.limits.frameLength) bytes")
        }
        if !header.opcode.isControl { try self.beginData(header) }
        self.frame = Frame(
            opcode: header.opcode,
            isFinal: header.isFinal,
            remaining: header.payloadLength,
            key: header.maskingKey ?? .zero
        )
    }

    private mutating func beginData(_ header: FrameHeader) throws(FrameViolation) {
        switch header.opcode {
        case .text:
            self.message = .text(fragments: 0)
            self.textValidator = UTF8Validator()
            self.text.clear()
        case .binary: self.message = .binary(length: 0)
        default: break
        }
        switch self.message {
        case .none: break
        case .binary(let length):
            let (sum, overflow) = length.addingReportingOverflow(header.payloadLength)
            guard !overflow, sum <= self.limits.binaryMessageLength else {
                throw FrameViolation(
                    .messageTooBig,
                    "a binary message of more than \(self.limits.binaryMessageLength) bytes"
                )
            }
            self.message = .binary(length: sum)
        case .text(let fragments):
            guard header.payloadLength <= Int64(self.limits.textMessageLength - self.text.readableBytes) else {
                throw FrameViolation(
                    .messageTooBig,
                    "a text message of more than \(self.limits.textMessageLength) bytes"
                )
            }
            guard fragments < self.limits.textFragments else {
                throw FrameViolation(
                    .policyViolation,
                    "a text message in more than \(self.limits.textFragments) frames"
                )
            }
            self.message = .text(fragments: fragments + 1)
        }
    }

    // MARK: Payload

    private mutating func received(
        _ payload: MaskedBytes,
        of frame: Frame,
        isComplete: Bool
    ) throws(FrameViolation) -> Event? {
        guard !frame.opcode.isControl else {
            self.control.appendUnmasked(payload)
            return isComplete ? try self.controlFrame(frame.opcode) : nil
        }
        let endsMessage = isComplete && frame.isFinal
        switch self.message {
        case .none: return nil
        case .binary:
            if endsMessage { self.message = .none }
            return payload.count > 0 || endsMessage ? .binary(payload, endsMessage: endsMessage) : nil
        case .text:
            try self.appendText(payload)
            guard endsMessage else { return nil }
            guard self.textValidator.isComplete || !self.limits.checksText else {
                throw FrameViolation(.invalidPayload, "a text message that ends inside a character")
            }
            self.message = .none
            let text = self.text
            // A long message's memory goes with it; that of the short ones, which are most, is used again.
            if text.capacity > Self.keptTextCapacity { self.text = ByteBuffer() }
            return .text(text)
        }
    }

    private mutating func appendText(_ payload: MaskedBytes) throws(FrameViolation) {
        let start = self.text.writerIndex
        self.text.appendUnmasked(payload)
        guard self.limits.checksText else { return }
        let isValid = self.text.withUnsafeReadableBytes { bytes in
            self.textValidator.accept(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
        guard isValid else { throw FrameViolation(.invalidPayload, "a text message that is not UTF-8") }
    }

    private mutating func controlFrame(_ opcode: Opcode) throws(FrameViolation) -> Event? {
        var payload = self.control
        self.control = ByteBuffer()
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        default: break
        }
        self.isClosed = true
        guard payload.readableBytes > 0 else { return .close(nil, reason: "") }
        guard let number = payload.readInteger(as: UInt16.self) else {
            throw FrameViolation(.protocolError, "a Close frame with half a code")
        }
        let code = CloseCode(number)
        guard code.isValidOnTheWire else {
            throw FrameViolation(.protocolError, "a Close frame with the code \(number)")
        }
        var validator = UTF8Validator()
        guard payload.withUnsafeReadableBytes({ validator.accept($0) }), validator.isComplete else {
            throw FrameViolation(.invalidPayload, "a Close frame whose reason is not UTF-8")
        }
        return .close(code, reason: String(buffer: payload))
    }
}
