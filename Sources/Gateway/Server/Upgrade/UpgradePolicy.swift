import NIOHTTP1
import Wire

/// Whether a request may open a WebSocket: a decision about values, made before anything else of a connection is.
struct UpgradePolicy: Hashable {
    /// The path that speaks WebSocket, beginning with a slash.
    var path: String
    /// Origins, such as `https://studio.example`, whose pages may connect beside those of the same host.
    var allowedOrigins: [String]
    /// The names under which the gateway may be reached, against DNS rebinding; empty for any.
    var allowedHosts: [String]

    /// Whether a request target is the WebSocket path.
    ///
    /// - Parameter target: The request target in origin form (RFC 9112, 3.2.1).
    func isWebSocketPath(_ target: String) -> Bool {
        target.utf8.prefix { $0 != UInt8(ascii: "?") }.elementsEqual(self.path.utf8)
    }

    /// Decides about a request to the WebSocket path.
    func decide(_ head: HTTPRequestHead, connections: Int, limit: Int) -> Handshake.Decision {
        if let reason = self.refusal(hosts: head.headers["host"], origins: head.headers["origin"]) {
            return .refuse(.forbidden, reason: reason, fields: [])
        }
        guard connections < limit else {
            return .refuse(
                .serviceUnavailable,
                reason: "\(limit) connections are open, which is the limit (limits.maxConnections).",
                fields: [Handshake.Field("Retry-After", "5")]
            )
        }
        return Handshake.decide(head)
    }

    /// Why a request is not let in, whatever it asks for; `nil` where it is.
    ///
    /// - Parameters:
    ///   - hosts: The values of `Host`.
    ///   - origins: The values of `Origin`.
    func refusal(hosts: [String], origins: [String]) -> String? {
        guard hosts.count == 1, let host = hosts.first, self.admits(host: host) else {
            return "The Host is not one of this gateway's names (security.allowedHosts)."
        }
        guard origins.count <= 1, self.admits(origin: origins.first, host: host) else {
            return "Pages of this Origin may not connect (security.allowedOrigins)."
        }
        return nil
    }

    /// Whether an origin is one of those whose pages may connect beside the gateway's own.
    func lists(origin: String) -> Bool {
        let origin = origin.lowercased()
        return self.allowedOrigins.contains { $0.lowercased() == origin }
    }

    private func admits(host: String) -> Bool {
        guard !self.allowedHosts.isEmpty else { return true }
        guard let name = Self.name(ofAuthority: host)?.lowercased() else { return false }
        return self.allowedHosts.contains { $0.lowercased() == name }
    }

    /// A page may connect to the host that it came from, and to no other unless it is listed. Programs send no Origin.
    private func admits(origin: String?, host: String) -> Bool {
        guard let origin = origin?.lowercased() else { return true }
        if origin == "http://\(host.lowercased())" || origin == "https://\(host.lowercased())" { return true }
        return self.lists(origin: origin)
    }

    /// `name` of `name:port`, and `[::1]` of `[::1]:8080`; `nil` where anything but a port follows.
    private static func name(ofAuthority authority: String) -> Substring? {
        let name: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            name = authority[...bracket]
        } else {
            name = authority.prefix { $0 != ":" }
        }
        let port = authority[name.endIndex...]
        guard port.isEmpty || port.first == ":", port.utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return name
    }
}
