import NIOHTTP1
import Wire

/// Whether a server's answer to the opening handshake is one (RFC 6455, 4.1).
enum HandshakeVerdict {
    /// Decides about an answer.
    ///
    /// - Parameters:
    ///   - head: The answer.
    ///   - key: The `Sec-WebSocket-Key` that was sent.
    /// - Returns: What is wrong with it, or `nil`.
    static func fault(in head: HTTPResponseHead, key: String) -> ClientError? {
        guard head.status == .switchingProtocols else {
            if let refusal = self.refusal(head) { return refusal }
            let isTemporary = [408, 425, 429, 500, 502, 503, 504].contains(head.status.code)
            return ClientError(
                isTemporary ? .unavailable : .violation,
                "The server answered the WebSocket handshake with status \(head.status.code).",
                remedy: isTemporary ? "Try again later." : "Check the URL, its path above all.",
                cause: .status(Int(head.status.code))
            )
        }
        guard head.headers[canonicalForm: "upgrade"].map({ $0.lowercased() }) == ["websocket"],
            head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" })
        else { return self.violation("its 101 does not upgrade to WebSocket") }
        guard head.headers["sec-websocket-accept"] == [Handshake.accept(forKey: key)] else {
            return self.violation("its Sec-WebSocket-Accept does not fit the key that was sent")
        }
        guard head.headers.first(name: "sec-websocket-extensions") == nil else {
            return self.violation("it uses an extension that was not offered")
        }
        guard head.headers.first(name: "sec-websocket-protocol") == nil else {
            return self.violation("it uses a subprotocol that was not offered")
        }
        return nil
    }

    /// What a server that knows who may do what says to others.
    private static func refusal(_ head: HTTPResponseHead) -> ClientError? {
        switch head.status {
        case .unauthorized:
            let isWrong = head.headers["www-authenticate"].contains { $0.contains("invalid_token") }
            return ClientError(
                .notPermitted,
                isWrong ? "The server does not know the token." : "The server needs a token.",
                remedy: "Give one that it knows, by --token-file or in AUDIO_CACHE_TOKEN.",
                cause: .status(401)
            )
        case .forbidden:
            return ClientError(
                .notPermitted,
                "The server does not let this client in (status 403).",
                remedy:
                    "Use a URL with one of the server's own names; its operator may add one to security.allowedHosts.",
                cause: .status(403)
            )
        default: return nil
        }
    }

    static func violation(_ reason: String) -> ClientError {
        ClientError(
            .violation,
            "The server broke the WebSocket handshake: \(reason).",
            remedy: "Check that the URL is that of an audio stream cache."
        )
    }
}
