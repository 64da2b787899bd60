/// Who asks, as far as the server can tell: the name and the rights that came with a token.
public struct Principal: Hashable, Sendable {
    /// The name beside the token. Several tokens may share it, as when one takes another's place.
    public var name: String
    /// What the token lets its holder do.
    public var rights: Rights

    /// Makes a principal.
    ///
    /// - Parameters:
    ///   - name: The name beside the token.
    ///   - rights: What the token lets its holder do.
    public init(name: String, rights: Rights) {
        self.name = name
        self.rights = rights
    }

    /// Whoever connects to a server without tokens: it may do everything.
    public static let anonymous = Self(name: "", rights: .admin)
}
