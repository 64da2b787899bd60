/// A breach of RFC 6455, or of the limits, by the peer. The connection cannot go on: the position in the byte stream is
/// lost or the peer is not to be trusted with more.
public struct FrameViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the Close frame is to say.
    public var closeCode: CloseCode
    /// What the peer did, for its Close frame and the log: short, ASCII, and free of the peer's own bytes.
    public var reason: String

    /// Makes a violation.
    ///
    /// - Parameters:
    ///   - closeCode: What the Close frame is to say.
    ///   - reason: What the peer did.
    public init(_ closeCode: CloseCode, _ reason: String) {
        self.closeCode = closeCode
        self.reason = reason
    }

    /// Code and reason.
    public var description: String { "\(self.closeCode): \(self.reason)" }
}
