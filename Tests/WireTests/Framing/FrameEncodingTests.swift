import NIOCore
import Testing
import Wire

@Suite("Frames as they are written")
struct FrameEncodingTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var header: FrameHeader
        var bytes: [UInt8]
        var testDescription: String { "\(self.header)" }
    }

    private static let key = MaskingKey(littleEndian: 0x3D21_FA37)

    @Test(
        "a header has the bytes of RFC 6455, in the shortest form",
        arguments: [
            Sample(header: FrameHeader(opcode: .text, payloadLength: 5), bytes: [0x81, 0x05]),
            Sample(header: FrameHeader(opcode: .binary, payloadLength: 0), bytes: [0x82, 0x00]),
            Sample(header: FrameHeader(opcode: .binary, payloadLength: 125), bytes: [0x82, 0x7D]),
            Sample(header: FrameHeader(opcode: .binary, payloadLength: 126), bytes: [0x82, 0x7E, 0x00, 0x7E]),
            Sample(header: FrameHeader(opcode: .binary, payloadLength: 127), bytes: [0x82, 0x7E, 0x00, 0x7F]),
            Sample(header: FrameHeader(opcode: .binary, payloadLength: 65_535), bytes: [0x82, 0x7E, 0xFF, 0xFF]),
            Sample(
                header: FrameHeader(opcode: .binary, payloadLength: 65_536),
                bytes: [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]
            ),
            Sample(
                header: FrameHeader(opcode: .binary, payloadLength: .max, maskingKey: Self.key),
                bytes: [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x37, 0xFA, 0x21, 0x3D]
            ),
            Sample(
                header: FrameHeader(isFinal: false, opcode: .continuation, payloadLength: 1, maskingKey: Self.key),
                bytes: [0x00, 0x81, 0x37, 0xFA, 0x21, 0x3D]
            ),
            Sample(
                header: FrameHeader(opcode: .close, payloadLength: 0, maskingKey: .zero),
                bytes: [0x88, 0x80, 0, 0, 0, 0]
            ),
        ]
    )
    func header(_ sample: Sample) {
        var buffer = ByteBuffer()
        sample.header.encode(into: &buffer)
        #expect(Array(buffer.readableBytesView) == sample.bytes)
        #expect(buffer.readableBytes <= FrameHeader.maximumEncodedLength)
    }

    @Test("the masked Hello of RFC 6455, 5.7, is written as it is there")
    func sample() {
        var buffer = ByteBuffer()
        buffer.writeFrame(.text, payload: ByteBuffer(string: "Hello"), maskingKey: Self.key)
        #expect(
            Array(buffer.readableBytesView) == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        )
    }

    @Test("a Close is written with code and reason, or with nothing")
    func close() {
        var buffer = ByteBuffer()
        buffer.writeCloseFrame(.goingAway, reason: "bye")
        buffer.writeCloseFrame(nil, reason: "lost")
        #expect(Array(buffer.readableBytesView) == [0x88, 0x05, 0x03, 0xE9, 0x62, 0x79, 0x65, 0x88, 0x00])
    }

    @Test("a reason that is too long is cut between characters, to what fits", arguments: ["a", "é", "€", "🎧", "👩‍👩‍👧"])
    func longReason(character: String) throws {
        var buffer = ByteBuffer()
        buffer.writeCloseFrame(.internalError, reason: String(repeating: character, count: 200), maskingKey: Self.key)
        #expect(buffer.readableBytes <= 2 + 4 + 125)
        let seen = FrameParser.observe([Array(buffer.readableBytesView)], role: .server)
        let reason = String(repeating: character, count: 123 / character.utf8.count)
        #expect(seen.events == [.close(1011, reason)])
    }
}
