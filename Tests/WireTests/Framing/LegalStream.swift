import NIOCore
import Wire

/// A random legal sequence of frames: its bytes, written by ``FrameHeader``, and what a parser is to make of them.
struct LegalStream {
    private(set) var bytes: [UInt8] = []
    private(set) var expected = Observation()
    private let role: FrameParser.Role

    /// - Parameters:
    ///   - role: Who is to read it.
    ///   - hasLongFrames: Whether payloads of 64 KiB and more are among them.
    init(readBy role: FrameParser.Role, hasLongFrames: Bool, using random: inout SplitMix64) {
        self.role = role
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: self.control(using: &random)
            case 1, 2: self.text(using: &random)
            default: self.binary(hasLongFrames: hasLongFrames, using: &random)
            }
        }
        if random.oneIn(3) { self.close(using: &random) }
    }

    private mutating func frame(_ opcode: Opcode, isFinal: Bool = true, _ payload: [UInt8], _ random: inout SplitMix64)
    {
        var key: MaskingKey?
        if self.role == .server {
            key = random.oneIn(8) ? .zero : MaskingKey(littleEndian: UInt32(truncatingIfNeeded: random.next()))
        }
        var buffer = ByteBuffer()
        if isFinal, random.oneIn(2) {
            buffer.writeFrame(opcode, payload: ByteBuffer(bytes: payload), maskingKey: key)
        } else {
            FrameHeader(isFinal: isFinal, opcode: opcode, payloadLength: Int64(payload.count), maskingKey: key)
                .encode(into: &buffer)
            buffer.writeBytes(
                MaskedBytes(bytes: ByteBuffer(bytes: payload), key: key ?? .zero).unmasked().readableBytesView
            )
        }
        self.bytes += buffer.readableBytesView
    }

    private mutating func control(using random: inout SplitMix64) {
        let payload = random.bytes(random.pick([0, 1, 4, 17, 125]))
        if random.oneIn(2) {
            self.frame(.ping, payload, &random)
            self.expected.add(.ping(payload))
        } else {
            self.frame(.pong, payload, &random)
            self.expected.add(.pong(payload))
        }
    }

    private mutating func binary(hasLongFrames: Bool, using random: inout SplitMix64) {
        let lengths = hasLongFrames ? [65_535, 65_536, 70_000] : [0, 0, 1, 2, 3, 5, 64, 125, 126, 127, 200]
        let count = random.oneIn(2) ? 1 : Int.random(in: 2...4, using: &random)
        for index in 0..<count {
            let payload = random.bytes(random.pick(lengths))
            let isFinal = index == count - 1
            self.frame(index == 0 ? .binary : .continuation, isFinal: isFinal, payload, &random)
            if !payload.isEmpty || isFinal { self.expected.add(.binary(payload, endsMessage: isFinal)) }
            if !isFinal, random.oneIn(3) { self.control(using: &random) }
        }
    }

    private mutating func text(using random: inout SplitMix64) {
        let text = Array(random.text(upTo: random.pick([0, 1, 10, 60, 200])).utf8)
        let count = random.oneIn(2) ? 1 : Int.random(in: 2...4, using: &random)
        // The cuts between the fragments are anywhere, inside characters too.
        let cuts = (0..<(count - 1)).map { _ in Int.random(in: 0...text.count, using: &random) }.sorted()
        let edges = [0] + cuts + [text.count]
        for index in 0..<count {
            let isFinal = index == count - 1
            let payload = Array(text[edges[index]..<edges[index + 1]])
            self.frame(index == 0 ? .text : .continuation, isFinal: isFinal, payload, &random)
            if !isFinal, random.oneIn(3) { self.control(using: &random) }
        }
        self.expected.add(.text(text))
    }

    private mutating func close(using random: inout SplitMix64) {
        if random.oneIn(4) {
            self.frame(.close, [], &random)
            self.expected.add(.close(nil, ""))
        } else {
            let code: UInt16 = random.pick([1000, 1001, 1002, 1003, 1007, 1008, 1011, 1014, 3000, 4999])
            let reason = random.text(upTo: 30)
            self.frame(.close, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8), &random)
            self.expected.add(.close(code, reason))
        }
    }
}
