import Testing

@testable import AudioClient

@Suite("The meter of the handshake")
struct HandshakeMeterTests {
    private static let head = Array("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".utf8)
    private static let hint = Array("HTTP/1.1 103 Early Hints\r\n\r\n".utf8)
    private static let frames = [UInt8](repeating: 0, count: 10 * HandshakeMeter.limit)

    @Test("what follows a 101 is not measured, wherever the bytes are cut")
    func cuts() {
        let head = Self.hint + Self.head
        for cut in 0...head.count {
            var meter = HandshakeMeter()
            let first = meter.accept(head[..<cut])
            #expect(first && meter.isOver == (cut == head.count), "cut at \(cut)")
            let second = meter.accept(head[cut...] + Self.frames)
            #expect(second && meter.isOver, "cut at \(cut)")
        }
    }

    @Test("a head may be as long as the limit, and not a byte longer")
    func limit() {
        for excess in 0...1 {
            var head = Self.head.dropLast(4) + Array("\r\nX: ".utf8)
            head += [UInt8](repeating: UInt8(ascii: "a"), count: HandshakeMeter.limit + excess - head.count - 4)
            var meter = HandshakeMeter()
            let isAccepted = meter.accept(head + Array("\r\n\r\n".utf8))
            #expect(isAccepted == (excess == 0))
            #expect(meter.isOver == (excess == 0))
        }
    }

    @Test("all informational answers together count")
    func informational() {
        var meter = HandshakeMeter()
        for _ in 0..<(HandshakeMeter.limit / Self.hint.count) {
            let isAccepted = meter.accept(Self.hint)
            #expect(isAccepted)
        }
        let isAccepted = meter.accept(Self.hint)
        #expect(!isAccepted && !meter.isOver)
    }

    @Test("what is no whole empty line ends no head", arguments: ["\r\r\n\n", "\r\n\r\r\n", "\n\r\n", "\r\n \r\n"])
    func noEnd(text: String) {
        var meter = HandshakeMeter()
        let isAccepted = meter.accept(Self.head.dropLast(4) + Array(text.utf8))
        #expect(isAccepted && !meter.isOver)
    }
}
