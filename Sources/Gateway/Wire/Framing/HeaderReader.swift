import NIOCore

/// Reads one frame header after another (RFC 6455, 5.2), also where a header arrives in pieces.
struct HeaderReader: Sendable {
    /// What came before a header, by which it is judged.
    struct Context {
        /// Whose frames are read.
        var role: FrameParser.Role
        /// Whether a message was begun whose last frame is still to come.
        var isInsideMessage: Bool
    }

    /// The bytes of a header that is not yet whole; empty between headers.
    private var partial = ByteBuffer()

    /// Whether no part of a header is waiting for its rest.
    var isEmpty: Bool { self.partial.readableBytes == 0 }

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - buffer: The next bytes.
    ///   - context: What came before.
    /// - Returns: `nil` once the bytes are used up and the header is not whole.
    mutating func read(from buffer: inout ByteBuffer, in context: Context) throws(FrameViolation) -> FrameHeader? {
        if self.isEmpty, let header = try Self.parse(&buffer, in: context) { return header }
        if buffer.readableBytes > 0 { self.partial.reserveCapacity(FrameHeader.maximumEncodedLength) }
        while let byte = buffer.readInteger(as: UInt8.self) {
            self.partial.writeInteger(byte)
            if let header = try Self.parse(&self.partial, in: context) {
                self.partial.clear()
                return header
            }
        }
        return nil
    }

    /// Reads a header, or nothing where it is not all there; a breach is told with the byte that shows it.
    private static func parse(
        _ buffer: inout ByteBuffer,
        in context: Context
    ) throws(FrameViolation) -> FrameHeader? {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self) else { return nil }
        guard first & 0x70 == 0 else {
            throw FrameViolation(.protocolError, "a frame with a reserved bit set; no extension was agreed on")
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw FrameViolation(.protocolError, "a frame with the reserved opcode \(first & 0x0F)")
        }
        let isFinal = first & 0x80 != 0
        if opcode.isControl, !isFinal {
            throw FrameViolation(.protocolError, "a fragmented control frame")
        }
        if opcode == .continuation, !context.isInsideMessage {
            throw FrameViolation(.protocolError, "a continuation of no message")
        }
        if opcode == .text || opcode == .binary, context.isInsideMessage {
            throw FrameViolation(.protocolError, "a new message inside a fragmented one")
        }
        guard let second = buffer.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        let isMasked = second & 0x80 != 0
        switch context.role {
        case .server where !isMasked:
            throw FrameViolation(.protocolError, "a frame of a client that is not masked")
        case .client where isMasked:
            throw FrameViolation(.protocolError, "a frame of a server that is masked")
        default: break
        }
        let length: Int64
        var position = start + 2
        switch second & 0x7F {
        case 126:
            if opcode.isControl { throw Self.controlTooLong }
            guard let short = buffer.getInteger(at: position, as: UInt16.self) else { return nil }
            guard short > 125 else { throw Self.notMinimal }
            length = Int64(short)
            position += 2
        case 127:
            if opcode.isControl { throw Self.controlTooLong }
            guard let top = buffer.getInteger(at: position, as: Int8.self) else { return nil }
            guard top >= 0 else { throw FrameViolation(.protocolError, "a frame length with the top bit set") }
            guard let long = buffer.getInteger(at: position, as: Int64.self) else { return nil }
            guard long > Int64(UInt16.max) else { throw Self.notMinimal }
            length = long
            position += 8
        case let tiny: length = Int64(tiny)
        }
        var key: MaskingKey?
        if isMasked {
            guard let word = buffer.getInteger(at: position, endianness: .little, as: UInt32.self) else { return nil }
            key = MaskingKey(littleEndian: word)
            position += 4
        }
        buffer.moveReaderIndex(to: position)
        return FrameHeader(isFinal: isFinal, opcode: opcode, payloadLength: length, maskingKey: key)
    }

    private static let controlTooLong = FrameViolation(.protocolError, "a control frame of more than 125 bytes")
    private static let notMinimal = FrameViolation(.protocolError, "a frame length not in its shortest form")
}
