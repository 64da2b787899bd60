public import NIOHTTP1

/// What a client offers in `Sec-WebSocket-Protocol` (RFC 6455, 11.3.4).
///
/// This system's own subprotocol names the protocol of docs/protocol.md, and is there for browsers: a script can set no
/// other field, so one that has a token offers it as a second subprotocol, `bearer.` and the token, and is answered with
/// the first alone, never with the token.
public struct Subprotocols: Hashable, Sendable {
    /// The name of this system's protocol.
    public static let audioCache = "audiocache"
    /// What a subprotocol begins with whose rest is a token.
    public static let bearerPrefix = "bearer."
    /// How many are looked at.
    public static let limit = 8

    /// What is offered, in the client's order; no more than ``limit``.
    public let names: [Substring]
    /// Whether more were offered, or one that is no token of RFC 9110, 5.6.2.
    public let isMalformed: Bool

    /// Reads them from a request.
    ///
    /// - Parameter head: The request.
    public init(_ head: HTTPRequestHead) {
        var names: [Substring] = []
        var isMalformed = false
        for name in head.headers[canonicalForm: "sec-websocket-protocol"] {
            guard names.count < Self.limit, !name.isEmpty, name.utf8.allSatisfy(Self.isTokenCharacter) else {
                isMalformed = true
                break
            }
            names.append(name)
        }
        self.names = names
        self.isMalformed = isMalformed
    }

    /// Whether this system's protocol is offered, and so to be agreed to.
    public var offersAudioCache: Bool { self.names.contains { $0.utf8.elementsEqual(Self.audioCache.utf8) } }

    /// The tokens among them.
    public var bearerTokens: [Substring] {
        self.names.filter { $0.utf8.starts(with: Self.bearerPrefix.utf8) }
            .map { $0.dropFirst(Self.bearerPrefix.utf8.count) }
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
