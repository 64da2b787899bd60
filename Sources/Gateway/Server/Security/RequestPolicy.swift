import NIOHTTP1
import Wire

/// Whether a request may be answered, whatever it asks for: a decision about its `Host`, its `Origin` and its token, made
/// in one place for every route and for the upgrade.
struct RequestPolicy: Hashable {
    /// Origins, such as `https://studio.example`, whose pages may ask beside those of the same host.
    var allowedOrigins: [String]
    /// The names under which the gateway may be reached; empty for those that DNS rebinding can't use.
    var allowedHosts: [String]
    /// The name or address that it listens on.
    var ownName = "127.0.0.1"
    /// Which tokens there are.
    var access = AccessPolicy.open

    /// What a request says of itself.
    struct Fields {
        /// The values of `Host`; one is right.
        var host: [String]
        var origin: [String]
        var credentials: Credentials
    }

    /// Decides about a request that needs some rights.
    ///
    /// - Returns: Who asks, or why it is not answered.
    func decide(_ fields: Fields, needing rights: Rights) -> Result<Grant, Refusal> {
        if let reason = self.refusal(hosts: fields.host, origins: fields.origin) {
            return .failure(Refusal(.forbidden, reason))
        }
        return self.authorize(fields.credentials) { _ in rights }
    }

    /// Why a request is not let in, whoever asks; `nil` where it is.
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

    /// Decides about what a request shows, where its `Host` and `Origin` are fine.
    ///
    /// - Parameter needed: What somebody with some rights needs.
    func authorize(_ credentials: Credentials, needing needed: (Rights) -> Rights) -> Result<Grant, Refusal> {
        switch self.access.verdict(on: credentials) {
        case .missing: return .failure(.unauthenticated(isGuess: false))
        case .refused: return .failure(.unauthenticated(isGuess: true))
        case .granted(let grant):
            let rights = grant.principal.rights
            let missing = needed(rights).subtracting(rights)
            return missing.isEmpty ? .success(grant) : .failure(.lacks(missing))
        }
    }

    /// Where tokens are needed, a page that DNS rebinding has brought here has none; where they are not, names are what
    /// it is recognised by. Addresses are fine: a page of an address has that address for its origin.
    private func admits(host: String) -> Bool {
        guard let name = Self.name(ofAuthority: host)?.lowercased() else { return false }
        guard self.allowedHosts.isEmpty else { return self.allowedHosts.contains { $0.lowercased() == name } }
        if self.access.needsToken { return true }
        return name == "localhost" || name == self.ownName.lowercased() || Self.isAddress(name)
    }

    /// A page may connect to the host that it came from, and to no other unless it is listed. Programs send no Origin.
    private func admits(origin: String?, host: String) -> Bool {
        guard let origin = origin?.lowercased() else { return true }
        if origin == "http://\(host.lowercased())" || origin == "https://\(host.lowercased())" { return true }
        return self.lists(origin: origin)
    }

    /// `name` of `name:port`, and `[::1]` of `[::1]:8080`; `nil` where there is none, or anything but a port follows.
    private static func name(ofAuthority authority: String) -> Substring? {
        let name: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            name = authority[...bracket]
        } else {
            name = authority.prefix { $0 != ":" }
        }
        let port = authority[name.endIndex...]
        guard !name.isEmpty, port.isEmpty || port.first == ":",
            port.utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return name
    }

    /// Whether it is an IPv4 address in four numbers, or an IPv6 address in brackets, as browsers write them.
    private static func isAddress(_ name: String) -> Bool {
        if name.utf8.first == UInt8(ascii: "[") {
            return name.utf8.dropFirst().dropLast().allSatisfy { byte in
                (0x30...0x3A).contains(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: ".")
            }
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(part) != nil
            }
    }
}

/// Why a request is not answered as it wished.
struct Refusal: Error, Hashable {
    var status: HTTPResponseStatus
    var reason: String
    var fields: [Handshake.Field] = []
    /// Whether a token was tried that is none: that may be somebody who guesses.
    var isGuess = false

    init(_ status: HTTPResponseStatus, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// No token, or a wrong one (RFC 6750, 3).
    static func unauthenticated(isGuess: Bool) -> Self {
        var refusal = Self(
            .unauthorized,
            isGuess
                ? "The token is not one of this gateway's."
                : "This gateway needs a token: send Authorization: Bearer, or the subprotocols audiocache and bearer."
        )
        let error = isGuess ? #", error="invalid_token""# : ""
        refusal.fields = [Handshake.Field("WWW-Authenticate", #"Bearer realm="audio-stream-cache""# + error)]
        refusal.isGuess = isGuess
        return refusal
    }

    /// A right is missing (RFC 6750, 3.1).
    static func lacks(_ rights: Rights) -> Self {
        var refusal = Self(.forbidden, "The token lacks the right: \(rights).")
        refusal.fields = [
            Handshake.Field("WWW-Authenticate", #"Bearer realm="audio-stream-cache", error="insufficient_scope""#)
        ]
        return refusal
    }
}
