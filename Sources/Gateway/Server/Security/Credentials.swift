import Wire

/// What a request shows to be let in: a bearer token (RFC 6750), in `Authorization` or, for browsers, whose scripts can
/// set no header of a WebSocket, as a subprotocol. Never in the URL, which ends up in logs.
enum Credentials: Hashable {
    case none
    /// Something that is no bearer token, or two of them.
    case malformed
    case token(TokenDigest)

    /// The longest token that is looked at.
    static let longestToken = 512

    /// Reads them from a request's fields.
    ///
    /// - Parameters:
    ///   - authorization: The values of `Authorization`.
    ///   - subprotocols: What `Sec-WebSocket-Protocol` offers; only a WebSocket has any.
    init(authorization: [String], subprotocols: Subprotocols? = nil) {
        let tokens: [Substring?] =
            authorization.map { Self.bearer($0) } + (subprotocols?.bearerTokens.map { Optional($0) } ?? [])
        guard let first = tokens.first else {
            self = .none
            return
        }
        guard tokens.count == 1, let token = first, Self.isToken(token.utf8),
            let digest = TokenDigest(of: token.utf8)
        else {
            self = .malformed
            return
        }
        self = .token(digest)
    }

    /// The token of `Bearer token`; the scheme is taken in any case (RFC 9110, 11.1).
    private static func bearer(_ value: String) -> Substring? {
        guard let space = value.firstIndex(of: " ") else { return nil }
        guard value[..<space].utf8.lazy.map({ $0 | 0x20 }).elementsEqual("bearer".utf8) else { return nil }
        return value[space...].drop { $0 == " " }
    }

    /// Whether these are bytes of a token: `token68` of RFC 9110, 11.2.
    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        (1...Self.longestToken).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-._~+/=".utf8.contains(byte)
                }
            }
    }
}
