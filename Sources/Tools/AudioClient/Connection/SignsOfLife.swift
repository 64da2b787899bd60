/// What is to be thought of a server after a while of waiting.
struct SignsOfLife: Hashable, Sendable {
    /// Whether what is being done has got any further.
    var hasProgressed: Bool
    /// Whether the server's end has taken some of what waited for it.
    var hasTaken: Bool
    /// Whether anything at all has come.
    var hasHeard: Bool
    /// Whether it is right that nothing comes.
    var isPatient: Bool
    /// Whether anything can come, and a ping would be answered.
    var isListening: Bool
    /// Whether a ping was sent when the while began.
    var isProbed: Bool

    /// What to do.
    enum Verdict: Hashable, Sendable {
        /// Wait on.
        case goOn
        /// Ask for a sign of life, and wait as long again.
        case probe
        /// The server, or the way to it, is dead.
        case giveUp
    }

    /// The verdict.
    var verdict: Verdict {
        if self.hasProgressed || self.hasTaken { return .goOn }
        guard self.isPatient else { return .giveUp }
        if self.hasHeard || !self.isListening { return .goOn }
        return self.isProbed ? .giveUp : .probe
    }
}
