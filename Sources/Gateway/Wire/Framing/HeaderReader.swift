import NIOCore

/// Reads one frame header after another (RFC 6455, 5.2), also where a header arrives in pieces.
struct HeaderReader: Sendable {
    /// The bytes of a header that is not yet whole; empty between headers.
    private var partial = ByteBuffer()

    /// Whether no part of a header is waiting for its rest.
    var isEmpty: Bool { self.partial.readableBytes == 0 }

    /// Reads a header.
    ///
    /// - Parameter buffer: The next bytes.
    /// - Returns: `nil` once the bytes are used up and the header is not whole.
    mutating func read(from buffer: inout ByteBuffer) throws(FrameViolation) -> FrameHeader? {
        if self.isEmpty, let header = try Self.parse(&buffer) { return header }
        while let byte = buffer.readInteger(as: UInt8.self) {
            self.partial.writeInteger(byte)
            if let header = try Self.parse(&self.partial) {
                self.partial = ByteBuffer()
                return header
            }
        }
        return nil
    }

    /// Reads a header, or nothing where it is not all there; breaches in the first two bytes are told at once.
    private static func parse(_ buffer: inout ByteBuffer) throws(FrameViolation) -> FrameHeader? {
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
        guard let second = buffer.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        let isMasked = second & 0x80 != 0
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
            guard let long = buffer.getInteger(at: position, as: UInt64.self) else { return nil }
            guard long > UInt64(UInt16.max) else { throw Self.notMinimal }
            guard let exact = Int64(exactly: long) else {
                throw FrameViolation(.protocolError, "a frame length with the top bit set")
            }
            length = exact
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
