import NIOCore
import Testing
import Wire

@Suite("What a parser keeps in memory")
struct FrameMemoryTests {
    /// The room of every buffer inside a value, however deep.
    private func retainedBytes(_ value: Any) -> Int {
        if let buffer = value as? ByteBuffer { return buffer.storageCapacity }
        return Mirror(reflecting: value).children.reduce(0) { $0 + self.retainedBytes($1.value) }
    }

    private func feed(_ parser: inout FrameParser, _ bytes: [UInt8]) throws {
        var buffer = ByteBuffer(bytes: bytes)
        while try parser.next(&buffer) != nil {}
    }

    @Test("a length that is claimed and not sent allocates nothing")
    func claims() throws {
        let claims: [[UInt8]] = [
            [0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 0xAA],  // 16 MiB of binary, one byte there
            [0x81, 0xFE, 0xFF, 0xFF, 1, 2, 3, 4, 0x60],  // 65,535 bytes of text, one byte there
            [0x89, 0xFD, 1, 2, 3, 4, 0x60],  // a ping of 125 bytes, one byte there
            [0x82, 0xFF, 0, 0, 0, 0, 1],  // half a header
        ]
        for claim in claims {
            var parser = FrameParser(role: .server)
            try self.feed(&parser, claim)
            #expect(!parser.isAtFrameBoundary)
            #expect(self.retainedBytes(parser) <= 64, "\(claim)")
        }
    }

    @Test("the retained memory is measured at all")
    func measure() throws {
        var parser = FrameParser(role: .client)
        try self.feed(&parser, [0x81, 0x7E, 0xEA, 0x60] + [UInt8](repeating: 0x61, count: 50_000))
        #expect(self.retainedBytes(parser) >= 50_000)
    }

    @Test("16 MiB of a frame pass through without any of it being kept")
    func passage() throws {
        var parser = FrameParser(role: .server)
        try self.feed(&parser, [0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4])
        let piece = ByteBuffer(repeating: 0xAA, count: 256 << 10)
        for index in 0..<64 {
            var buffer = piece
            guard case .binary(let masked, let endsMessage)? = try parser.next(&buffer) else {
                Issue.record("no event")
                return
            }
            #expect(masked.count == piece.readableBytes)
            #expect(endsMessage == (index == 63))
            #expect(self.retainedBytes(parser) <= 64)
        }
        #expect(parser.isAtFrameBoundary)
    }

    @Test("binary payload is a slice of what was received, not a copy")
    func slices() throws {
        var parser = FrameParser(role: .server)
        var buffer = ByteBuffer(bytes: [0x82, 0xFE, 0x10, 0x00, 1, 2, 3, 4])
        buffer.writeRepeatingByte(0xAA, count: 4_096)
        let received = buffer.withUnsafeReadableBytes { $0.baseAddress.map { UInt(bitPattern: $0) } }
        guard case .binary(let masked, endsMessage: true)? = try parser.next(&buffer) else {
            Issue.record("no event")
            return
        }
        let handedOn = masked.bytes.withUnsafeReadableBytes { $0.baseAddress.map { UInt(bitPattern: $0) } }
        #expect(handedOn == received.map { $0 + 8 })
    }

    @Test("a long text message's memory goes with the message")
    func longText() throws {
        var parser = FrameParser(role: .client)
        try self.feed(&parser, [0x81, 0x7E, 0xFF, 0xFF] + [UInt8](repeating: 0x61, count: 65_535))
        #expect(self.retainedBytes(parser) <= 4_096)
        try self.feed(&parser, [0x81, 0x02, 0x68, 0x69])
        #expect(self.retainedBytes(parser) <= 4_096)
    }

    @Test("a text that somebody still holds is not written over by the next one")
    func heldText() throws {
        var parser = FrameParser(role: .client)
        var buffer = ByteBuffer(bytes: [0x81, 0x02, 0x68, 0x69, 0x81, 0x02, 0x79, 0x6F])
        guard case .text(let first)? = try parser.next(&buffer), case .text(let second)? = try parser.next(&buffer)
        else {
            Issue.record("no texts")
            return
        }
        #expect(String(buffer: first) == "hi")
        #expect(String(buffer: second) == "yo")
    }
}
