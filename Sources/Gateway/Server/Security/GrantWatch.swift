/// Looks again and again whether who asked may still do what takes long, wherever settings have changed in between.
struct GrantWatch {
    private let settings: LiveSettings
    private let grant: Grant
    private let rights: Rights
    /// `nil` before the first look: what was decided by may be older than what is in force.
    private var generation: Int?

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - grant: What the request was let in by.
    ///   - rights: What it goes on needing.
    init(_ grant: Grant, needing rights: Rights, in settings: LiveSettings) {
        self.settings = settings
        self.grant = grant
        self.rights = rights
    }

    /// Looks, which costs no more than an atomic where nothing has changed.
    ///
    /// - Throws: What is to be told, where the token is none any more or has lost a right.
    mutating func check() throws(Refusal) {
        let generation = self.settings.generation
        guard generation != self.generation else { return }
        self.generation = generation
        guard let grant = self.grant.renewed(by: self.settings.current.access) else {
            throw .unauthenticated(isGuess: true)
        }
        let missing = self.rights.subtracting(grant.principal.rights)
        guard missing.isEmpty else { throw .lacks(missing) }
    }
}
