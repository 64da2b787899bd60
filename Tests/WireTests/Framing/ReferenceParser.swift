import Wire

/// RFC 6455, section 5, read once more, in the plainest way: the whole input at hand, one byte after the other.
struct ReferenceParser {
    private let bytes: [UInt8]
    private let role: FrameParser.Role
    private let limits: FrameParser.Limits
    private var position = 0
    private var seen = Observation()

    private var isInMessage = false
    private var isText = false
    private var messageLength: UInt64 = 0
    private var fragments = 0
    private var text: [UInt8] = []

    /// What ends the reading: the input, a breach, or a Close.
    private enum Stop: Error {
        case outOfBytes
        case breach(UInt16)
        case closed
    }

    static func read(_ bytes: [UInt8], role: FrameParser.Role, limits: FrameParser.Limits) -> Observation {
        var reader = Self(bytes: bytes, role: role, limits: limits)
        do throws(Stop) {
            while true { try reader.frame() }
        } catch {
            if case .breach(let code) = error { reader.seen.violation = code }
        }
        return reader.seen
    }

    private init(bytes: [UInt8], role: FrameParser.Role, limits: FrameParser.Limits) {
        self.bytes = bytes
        self.role = role
        self.limits = limits
    }

    private mutating func byte() throws(Stop) -> UInt8 {
        guard self.position < self.bytes.count else { throw .outOfBytes }
        self.position += 1
        return self.bytes[self.position - 1]
    }

    private mutating func number(_ count: Int) throws(Stop) -> UInt64 {
        var number: UInt64 = 0
        for _ in 0..<count { number = number << 8 | UInt64(try self.byte()) }
        return number
    }

    private mutating func frame() throws(Stop) {
        let first = try self.byte()
        let isFinal = first >= 0x80
        let opcode = first & 0x0F
        let isControl = opcode >= 8
        if first & 0b0111_0000 != 0 { throw .breach(1002) }
        if ![0, 1, 2, 8, 9, 10].contains(opcode) { throw .breach(1002) }
        if isControl && !isFinal { throw .breach(1002) }
        if opcode == 0 && !self.isInMessage { throw .breach(1002) }
        if (opcode == 1 || opcode == 2) && self.isInMessage { throw .breach(1002) }

        let second = try self.byte()
        let isMasked = second >= 0x80
        if isMasked != (self.role == .server) { throw .breach(1002) }
        var length = UInt64(second & 0x7F)
        if isControl && length > 125 { throw .breach(1002) }
        if length == 126 {
            length = try self.number(2)
            if length < 126 { throw .breach(1002) }
        } else if length == 127 {
            let top = try self.byte()
            if top >= 0x80 { throw .breach(1002) }
            length = UInt64(top) << 56 | (try self.number(7))
            if length < 65_536 { throw .breach(1002) }
        }
        var key: [UInt8] = [0, 0, 0, 0]
        if isMasked { for index in 0..<4 { key[index] = try self.byte() } }
        if length > UInt64(self.limits.frameLength) { throw .breach(1009) }
        if !isControl { try self.admit(opcode, length) }

        var payload: [UInt8] = []
        while UInt64(payload.count) < length, self.position < self.bytes.count {
            payload.append(try self.byte() ^ key[payload.count % 4])
        }
        try self.take(payload, opcode, isFinal: isFinal, isComplete: UInt64(payload.count) == length)
    }

    private mutating func admit(_ opcode: UInt8, _ length: UInt64) throws(Stop) {
        if opcode != 0 {
            self.isInMessage = true
            self.isText = opcode == 1
            self.messageLength = 0
            self.fragments = 0
            self.text = []
        }
        self.messageLength += length
        self.fragments += 1
        let limit = self.isText ? UInt64(self.limits.textMessageLength) : UInt64(self.limits.binaryMessageLength)
        if self.messageLength > limit { throw .breach(1009) }
        if self.isText && self.fragments > self.limits.textFragments { throw .breach(1008) }
    }

    private mutating func take(_ payload: [UInt8], _ opcode: UInt8, isFinal: Bool, isComplete: Bool) throws(Stop) {
        switch opcode {
        case 8 where isComplete: try self.close(payload)
        case 9 where isComplete: self.seen.add(.ping(payload))
        case 10 where isComplete: self.seen.add(.pong(payload))
        case 8, 9, 10: break
        default:
            let endsMessage = isComplete && isFinal
            if endsMessage { self.isInMessage = false }
            if self.isText {
                self.text += payload
                if !UTF8Oracle.isPrefix(self.text) { throw .breach(1007) }
                if endsMessage && !UTF8Oracle.isWhole(self.text) { throw .breach(1007) }
                if endsMessage { self.seen.add(.text(self.text)) }
            } else if !payload.isEmpty || endsMessage {
                self.seen.add(.binary(payload, endsMessage: endsMessage))
            }
        }
        if !isComplete { throw .outOfBytes }
    }

    private mutating func close(_ payload: [UInt8]) throws(Stop) {
        if payload.isEmpty {
            self.seen.add(.close(nil, ""))
            throw .closed
        }
        if payload.count == 1 { throw .breach(1002) }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        let isDefined = (1000...1014).contains(code) && ![1004, 1005, 1006].contains(code)
        if !isDefined && !(3000...4999).contains(code) { throw .breach(1002) }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .breach(1007) }
        self.seen.add(.close(code, reason))
        throw .closed
    }
}
