public import CacheProtocol

/// The text form of tokens: a line for each, with a name, rights, and the token or its digest.
///
///     # name    rights       token
///     recorder  write        sha256:8c3f…    (64 hexadecimal digits: printf %s TOKEN | sha256sum)
///     player    read,list    a-long-random-token-of-letters-and-digits
///
/// Empty lines, and those that begin with `#`, are skipped.
public enum TokenList {
    /// The shortest token that is accepted in the clear: what is shorter can be guessed.
    public static let shortestToken = 16
    /// The most tokens.
    public static let limit = 1_000

    /// Reads tokens.
    ///
    /// - Parameters:
    ///   - text: The lines. A semicolon ends a line too, for environment variables.
    ///   - source: Where they are from, for messages: a path, or the name of a variable.
    /// - Returns: The tokens.
    /// - Throws: ``ConfigError`` that names the line, and never says what a token is.
    public static func parse(_ text: String, source: String) throws(ConfigError) -> [AccessPolicy.Entry] {
        var entries: [AccessPolicy.Entry] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline || $0 == ";" }
        for (index, line) in lines.enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, first.first != "#" else { continue }
            func fault(_ found: String, _ accepted: String) -> ConfigError {
                ConfigError(file: source, keyPath: "line \(index + 1)", found: found, accepted: accepted)
            }
            guard words.count == 3 else {
                throw fault("\(words.count) words", "a name, rights such as read,list, and a token or sha256:DIGEST")
            }
            guard first.utf8.count <= 64, first.utf8.allSatisfy(Self.isNameCharacter) else {
                throw fault("a name that is none", "up to 64 letters, digits and . _ -")
            }
            guard let rights = Rights(words: words[1]) else {
                throw fault(
                    "rights that are none",
                    "words separated by commas: " + Rights.words.map { $0.word }.joined(separator: ", ")
                )
            }
            guard let digest = Self.digest(words[2]) else {
                throw fault(
                    "a token that is none, of \(words[2].utf8.count) bytes",
                    "\(Self.shortestToken) to \(Credentials.longestToken) letters, digits and - . _ ~ + / =, "
                        + "or sha256: and 64 hexadecimal digits; openssl rand -hex 32 makes one"
                )
            }
            guard !entries.contains(where: { $0.digest == digest }) else {
                throw fault("a token that another line has", "each token once")
            }
            guard entries.count < Self.limit else { throw fault("another token", "no more than \(Self.limit)") }
            let principal = Principal(name: String(first), rights: rights)
            entries.append(AccessPolicy.Entry(digest: digest, principal: principal))
        }
        return entries
    }

    private static func digest(_ word: Substring) -> TokenDigest? {
        if word.utf8.starts(with: "sha256:".utf8) {
            return SHA256Value(hexadecimal: String(word.dropFirst(7))).map { TokenDigest($0) }
        }
        guard word.utf8.count >= Self.shortestToken, Credentials.isToken(word.utf8) else { return nil }
        return TokenDigest(of: word.utf8)
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._-".utf8.contains(byte)
        }
    }
}
