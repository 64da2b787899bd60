import Crypto
public import NIOHTTP1

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The opening handshake (RFC 6455, 4): whether a request is one to upgrade, and what answers it.
public enum Handshake {
    /// What comes of a request.
    public enum Decision: Hashable, Sendable {
        /// Upgrade, with these fields in the 101 beside `Connection` and `Upgrade`.
        case accept([Field])
        /// Answer this instead.
        case refuse(HTTPResponseStatus, reason: String, fields: [Field])
    }

    /// A field of a head.
    public struct Field: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The value.
        public var value: String

        /// Makes a field.
        ///
        /// - Parameters:
        ///   - name: The name.
        ///   - value: The value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The only version there is.
    public static let version = "13"

    /// Decides about a request to the WebSocket path, by RFC 6455, 4.2.1, to the letter.
    ///
    /// Extensions that the client offers, and subprotocols other than ours, are declined by not being mentioned.
    ///
    /// - Parameter head: The request.
    /// - Returns: Whether to upgrade.
    public static func decide(_ head: HTTPRequestHead) -> Decision {
        guard head.method == .GET else {
            return .refuse(
                .methodNotAllowed,
                reason: "A WebSocket is opened with GET.",
                fields: [Field("Allow", "GET")]
            )
        }
        guard head.version == .http1_1 else {
            return .refuse(.badRequest, reason: "A WebSocket needs HTTP/1.1.", fields: [])
        }
        guard head.headers["host"].count == 1 else {
            return .refuse(.badRequest, reason: "Host is to be there once (RFC 9112, 3.2).", fields: [])
        }
        guard Self.lists("WEBSOCKET", in: "upgrade", of: head), Self.lists("UPGRADE", in: "connection", of: head) else {
            return .refuse(
                .upgradeRequired,
                reason: "This path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket.",
                fields: [Field("Upgrade", "websocket"), Field("Connection", "Upgrade")]
            )
        }
        guard head.headers["sec-websocket-version"] == [Self.version] else {
            return .refuse(
                .upgradeRequired,
                reason: "The WebSocket version is 13 (RFC 6455).",
                fields: [Field("Sec-WebSocket-Version", Self.version)]
            )
        }
        let keys = head.headers["sec-websocket-key"]
        guard keys.count == 1, let key = keys.first, Data(base64Encoded: key)?.count == 16 else {
            return .refuse(
                .badRequest,
                reason: "Sec-WebSocket-Key is to be there once, 16 bytes in base64.",
                fields: []
            )
        }
        guard head.headers.first(name: "transfer-encoding") == nil,
            head.headers["content-length"].allSatisfy({ $0 == "0" })
        else {
            return .refuse(.payloadTooLarge, reason: "A request to upgrade has no body.", fields: [])
        }
        let subprotocols = Subprotocols(head)
        guard !subprotocols.isMalformed else {
            return .refuse(
                .badRequest,
                reason: "Sec-WebSocket-Protocol is to list up to \(Subprotocols.limit) tokens (RFC 6455, 11.3.4).",
                fields: []
            )
        }
        var fields = [
            Field("Sec-WebSocket-Accept", Self.accept(forKey: key)),
            Field("Server", ServerIdentity.headerValue),
        ]
        if subprotocols.offersAudioCache {
            fields.append(Field("Sec-WebSocket-Protocol", Subprotocols.audioCache))
        }
        return .accept(fields)
    }

    /// What proves that a server has understood the key (RFC 6455, 4.2.2, step 5.4).
    ///
    /// - Parameter key: The value of `Sec-WebSocket-Key`.
    /// - Returns: The value of `Sec-WebSocket-Accept`.
    public static func accept(forKey key: String) -> String {
        let text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        return Data(Insecure.SHA1.hash(data: Data(text.utf8))).base64EncodedString()
    }

    /// Whether a field lists a token, in any case of its letters. Bytes are compared: to `String`, the Kelvin sign is a K.
    private static func lists(_ token: String, in field: String, of head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: field].contains { $0.asciiUppercased().utf8.elementsEqual(token.utf8) }
    }
}
