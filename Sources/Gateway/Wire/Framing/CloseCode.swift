/// Why a WebSocket connection ends (RFC 6455, 7.4, and the registry it set up).
public struct CloseCode: Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire.
    public let rawValue: UInt16

    /// Takes any number; see ``isValidOnTheWire``.
    ///
    /// - Parameter rawValue: The number.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// All is done.
    public static let normal = Self(1000)
    /// The server goes down, or the person has left the page.
    public static let goingAway = Self(1001)
    /// The peer broke RFC 6455.
    public static let protocolError = Self(1002)
    /// A kind of data that is not accepted.
    public static let unsupportedData = Self(1003)
    /// Text that is not UTF-8.
    public static let invalidPayload = Self(1007)
    /// Against the rules of this server: not authorized, or a flood.
    public static let policyViolation = Self(1008)
    /// A message longer than accepted.
    public static let messageTooBig = Self(1009)
    /// Something failed in the server.
    public static let internalError = Self(1011)
    /// The server restarts: come back soon.
    public static let serviceRestart = Self(1012)
    /// Too much to do: come back later.
    public static let tryAgainLater = Self(1013)

    /// Whether a Close frame may carry this code: 1004 to 1006 and 1015 are never sent, and below 1000, from 1016 to
    /// 2999 and above 4999 nothing is defined (RFC 6455, 7.4.2).
    public var isValidOnTheWire: Bool {
        switch self.rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// The number.
    public var description: String { "\(self.rawValue)" }
}
