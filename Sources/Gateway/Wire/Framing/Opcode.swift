/// What a WebSocket frame carries (RFC 6455, 5.2).
public enum Opcode: UInt8, Hashable, Sendable {
    /// More of the message that an earlier frame began.
    case continuation = 0x0
    /// UTF-8 text.
    case text = 0x1
    /// Bytes.
    case binary = 0x2
    /// The end of the connection.
    case close = 0x8
    /// A question whether the peer is there.
    case ping = 0x9
    /// The answer to a ping, or an unasked sign of life.
    case pong = 0xA

    /// Whether the frame is a control frame: unfragmented, and at most 125 bytes of payload (RFC 6455, 5.5).
    public var isControl: Bool { self.rawValue & 0x8 != 0 }
}
