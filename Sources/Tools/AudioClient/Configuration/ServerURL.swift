/// Where a server is: a `ws` or `wss` URL (RFC 6455, 3), read strictly and used exactly as given.
public struct ServerURL: Hashable, Sendable, CustomStringConvertible {
    /// The URL as it was given.
    public let text: String
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    /// The TCP port; where the URL names none, 80, or 443 with `wss`.
    public let port: Int
    /// Whether the connection is encrypted: `wss`.
    public let isSecure: Bool
    /// Path and query, as they go into the request line.
    public let target: String

    /// Reads a URL.
    ///
    /// - Parameter text: Such as `ws://localhost:8080/audio`.
    /// - Throws: ``ClientError`` with code `usage` that says what is wrong with it.
    public init(_ text: String) throws(ClientError) {
        func fault(_ reason: String, _ remedy: String = "Write it like ws://localhost:8080/audio.") -> ClientError {
            ClientError(.usage, "\"\(ErrorHandler.printable(text))\" is no server URL: \(reason).", remedy: remedy)
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw fault("it holds a space or something that is not printable ASCII", "Percent-encode it (RFC 3986).")
        }
        guard let colon = text.firstRange(of: "://") else { throw fault("it has no scheme") }
        let isSecure: Bool
        switch text[..<colon.lowerBound].lowercased() {
        case "ws": isSecure = false
        case "wss": isSecure = true
        case let scheme: throw fault("its scheme is \(scheme), not ws or wss")
        }
        guard !text.contains("#") else { throw fault("a WebSocket URL has no fragment (#)") }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        guard !authority.contains("@") else { throw fault("user names and passwords have no place in it") }

        let host: Substring
        let portText: Substring?
        if authority.first == "[" {
            guard let bracket = authority.firstIndex(of: "]") else { throw fault("a bracket is not closed") }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            let tail = authority[authority.index(after: bracket)...]
            guard tail.isEmpty || tail.first == ":" else { throw fault("something follows the bracket") }
            guard host.contains(":"), host.utf8.allSatisfy(Self.isIPv6) else {
                throw fault("its IPv6 address is none")
            }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else {
                throw fault("an IPv6 address needs brackets", "Write ws://[::1]:8080/audio.")
            }
            host = parts[0]
            guard !host.isEmpty else { throw fault("it names no host") }
            guard host.utf8.count <= 253, host.utf8.allSatisfy(Self.isHostName) else {
                throw fault("its host is no name and no address")
            }
            portText = parts.count == 2 ? parts[1] : nil
        }
        var port = isSecure ? 443 : 80
        if let portText {
            guard portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), portText.utf8.count <= 5,
                let number = Int(portText), (1...65_535).contains(number)
            else { throw fault("its port is not a number from 1 to 65535") }
            port = number
        }
        self.text = text
        self.host = String(host)
        self.port = port
        self.isSecure = isSecure
        self.target = target.isEmpty ? "/" : target.first == "?" ? "/\(target)" : String(target)
    }

    /// The value of the `Host` field (RFC 9110, 7.2).
    public var hostField: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isSecure ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// The URL as it was given.
    public var description: String { self.text }

    private static func isHostName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv6(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
