public import NIOCore

/// What stands before a frame's payload (RFC 6455, 5.2).
public struct FrameHeader: Hashable, Sendable {
    /// The most bytes that a header takes.
    public static let maximumEncodedLength = 14

    /// Whether the frame ends its message.
    public var isFinal: Bool
    /// What the frame carries.
    public var opcode: Opcode
    /// How many bytes of payload follow; 0 or more.
    public var payloadLength: Int64
    /// What the payload is masked with: `nil` from a server, always there from a client.
    public var maskingKey: MaskingKey?

    /// Makes a header.
    ///
    /// - Parameters:
    ///   - isFinal: Whether the frame ends its message.
    ///   - opcode: What the frame carries.
    ///   - payloadLength: How many bytes of payload follow; 0 or more.
    ///   - maskingKey: What the payload is masked with, if it is.
    public init(isFinal: Bool = true, opcode: Opcode, payloadLength: Int64, maskingKey: MaskingKey? = nil) {
        self.isFinal = isFinal
        self.opcode = opcode
        self.payloadLength = payloadLength
        self.maskingKey = maskingKey
    }

    /// Appends the header in as few bytes as it can be written.
    ///
    /// - Parameter buffer: Where to append.
    public func encode(into buffer: inout ByteBuffer) {
        let mask: UInt8 = self.maskingKey == nil ? 0 : 0x80
        buffer.writeInteger((self.isFinal ? 0x80 : 0) | self.opcode.rawValue)
        switch self.payloadLength {
        case ...125:
            buffer.writeInteger(mask | UInt8(truncatingIfNeeded: self.payloadLength))
        case 126...65_535:
            buffer.writeMultipleIntegers(mask | 126, UInt16(truncatingIfNeeded: self.payloadLength))
        default:
            buffer.writeMultipleIntegers(mask | 127, UInt64(truncatingIfNeeded: self.payloadLength))
        }
        if let key = self.maskingKey { buffer.writeInteger(key.littleEndian, endianness: .little) }
    }
}

extension ByteBuffer {
    /// Appends a whole frame.
    ///
    /// - Parameters:
    ///   - opcode: What the frame carries.
    ///   - payload: Its payload.
    ///   - maskingKey: What to mask the payload with; `nil` from a server.
    public mutating func writeFrame(_ opcode: Opcode, payload: ByteBuffer, maskingKey: MaskingKey? = nil) {
        FrameHeader(opcode: opcode, payloadLength: Int64(payload.readableBytes), maskingKey: maskingKey)
            .encode(into: &self)
        self.appendUnmasked(MaskedBytes(bytes: payload, key: maskingKey ?? .zero))
    }

    /// Appends a Close frame.
    ///
    /// - Parameters:
    ///   - code: Why the connection ends; `nil` for a Close without a body.
    ///   - reason: More about it; cut to the 123 bytes that fit.
    ///   - maskingKey: What to mask the payload with; `nil` from a server.
    public mutating func writeCloseFrame(_ code: CloseCode?, reason: String = "", maskingKey: MaskingKey? = nil) {
        var payload = ByteBuffer()
        if let code {
            payload.writeInteger(code.rawValue)
            var text = Substring(reason)
            while text.utf8.count > 123 { text.removeLast() }
            payload.writeSubstring(text)
        }
        self.writeFrame(.close, payload: payload, maskingKey: maskingKey)
    }
}
