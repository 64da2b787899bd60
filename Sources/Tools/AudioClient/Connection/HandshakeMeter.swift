/// Measures a server's answer to the opening handshake, up to the end of its 101: what follows are frames already, which
/// may come in the same packet and be as long as they like.
struct HandshakeMeter: Hashable, Sendable {
    /// The most bytes of all heads together, that of the 101 and any informational ones before it.
    static let limit = 8_192

    /// Whether the 101 is all there.
    private(set) var isOver = false
    /// How many bytes of heads have come.
    private var length = 0
    /// Where the head that is coming begins: enough of it to tell a 101.
    private var statusLine: [UInt8] = []
    /// How much of an empty line's CR LF CR LF has just come.
    private var matched = 0

    private static let switchingProtocols = Array("HTTP/1.1 101".utf8)

    /// Measures the next bytes.
    ///
    /// - Parameter bytes: What came, cut anywhere.
    /// - Returns: `false` once there are too many; the meter is then of no more use.
    mutating func accept(_ bytes: some Sequence<UInt8>) -> Bool {
        for byte in bytes {
            if self.isOver { return true }
            self.length += 1
            guard self.length <= Self.limit else { return false }
            if self.statusLine.count < Self.switchingProtocols.count { self.statusLine.append(byte) }
            switch (byte, self.matched) {
            case (0x0D, 2): self.matched = 3
            case (0x0D, _): self.matched = 1
            case (0x0A, 1): self.matched = 2
            case (0x0A, 3): self.headEnded()
            default: self.matched = 0
            }
        }
        return true
    }

    private mutating func headEnded() {
        self.isOver = self.statusLine == Self.switchingProtocols
        self.statusLine = []
        self.matched = 0
    }
}
