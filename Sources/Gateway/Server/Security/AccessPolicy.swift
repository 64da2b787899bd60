/// Which tokens there are, and what they let their holders do: a value, made anew when the tokens are read again.
///
/// Only digests of tokens are in it, so that printing it tells nothing.
public struct AccessPolicy: Hashable, Sendable {
    /// A token that is accepted.
    public struct Entry: Hashable, Sendable {
        /// The token's digest.
        public var digest: TokenDigest
        /// Whose it is.
        public var principal: Principal

        /// Makes an entry.
        ///
        /// - Parameters:
        ///   - digest: The token's digest.
        ///   - principal: Whose it is.
        public init(digest: TokenDigest, principal: Principal) {
            self.digest = digest
            self.principal = principal
        }
    }

    private var entries: [Entry]?

    /// Everybody may do everything. For gateways that only this machine reaches.
    public static let open = Self(entries: nil)

    /// Only holders of these tokens are let in; with none, nobody is.
    ///
    /// - Parameter entries: The tokens.
    public static func tokens(_ entries: [Entry]) -> Self { Self(entries: entries) }

    private init(entries: [Entry]?) { self.entries = entries }

    /// Whether a token has to be shown.
    public var needsToken: Bool { self.entries != nil }

    /// How many tokens there are.
    public var tokenCount: Int { self.entries?.count ?? 0 }

    /// Whose token it is.
    ///
    /// Every entry is compared, whichever fits, so that the time tells nothing of which.
    ///
    /// - Parameter digest: The digest of the token that was shown.
    /// - Returns: `nil` where it is nobody's.
    func principal(of digest: TokenDigest) -> Principal? {
        var found: Principal?
        for entry in self.entries ?? [] where entry.digest.isEqual(to: digest) { found = entry.principal }
        return found
    }

    /// What comes of what a peer shows.
    enum Verdict: Hashable {
        case granted(Grant)
        /// No token was shown.
        case missing
        /// What was shown is no token, or nobody's.
        case refused
    }

    /// Decides about what a peer shows.
    func verdict(on credentials: Credentials) -> Verdict {
        guard self.needsToken else { return .granted(.open) }
        switch credentials {
        case .none: return .missing
        case .malformed: return .refused
        case .token(let digest):
            guard let principal = self.principal(of: digest) else { return .refused }
            return .granted(Grant(principal: principal, token: digest))
        }
    }
}

/// What a connection was let in by, so that it can be asked again whether it still may be there.
struct Grant: Hashable {
    var principal: Principal
    /// `nil` where no token was needed.
    var token: TokenDigest?

    static let open = Self(principal: .anonymous, token: nil)

    /// Whose the streams are that it begins; `nil` where nobody is told from others.
    var owner: String? { self.token == nil ? nil : self.principal.name }

    /// The grant under other tokens than those it was made by.
    ///
    /// - Returns: `nil` where the token is none any more, or one is needed now.
    func renewed(by policy: AccessPolicy) -> Self? {
        guard policy.needsToken else { return .open }
        guard let token = self.token, let principal = policy.principal(of: token) else { return nil }
        return Self(principal: principal, token: token)
    }
}
