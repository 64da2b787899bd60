/// What the holder of a token may do.
///
/// Stream ids are names and no secrets, so whatever finds, changes or removes another's stream is a right of its own.
public struct Rights: OptionSet, Hashable, Sendable {
    /// One bit for each right.
    public let rawValue: UInt8

    /// Takes the bits.
    ///
    /// - Parameter rawValue: One bit for each right.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads a stream whose id is known: GET, SUBSCRIBE, INFO.
    public static let read = Self(rawValue: 1 << 0)
    /// Finds ids: LIST.
    public static let list = Self(rawValue: 1 << 1)
    /// Makes new streams, and goes on with those that the same principal began: START, STOP, ABORT.
    public static let write = Self(rawValue: 1 << 2)
    /// Removes streams: DELETE.
    public static let delete = Self(rawValue: 1 << 3)
    /// Puts a stream in place of one that is there: START with `overwrite`.
    public static let overwrite = Self(rawValue: 1 << 4)
    /// Goes on with a stream that another principal began: START with `resume`.
    public static let takeover = Self(rawValue: 1 << 5)
    /// Sees how the server does, its metrics and problems among it.
    public static let monitor = Self(rawValue: 1 << 6)
    /// All of it.
    public static let admin: Self = [.read, .list, .write, .delete, .overwrite, .takeover, .monitor]

    /// The words of token files, each with what it stands for.
    static let words: [(word: String, rights: Rights)] = [
        ("read", .read), ("list", .list), ("write", .write), ("delete", .delete), ("overwrite", .overwrite),
        ("takeover", .takeover), ("monitor", .monitor), ("admin", .admin),
    ]

    /// Reads words that are separated by commas.
    ///
    /// - Parameter words: Such as `read,list`.
    /// - Returns: `nil` where a word is none, or there is none.
    public init?(words: some StringProtocol) {
        var rights: Rights = []
        for word in words.split(separator: ",", omittingEmptySubsequences: false) {
            guard let known = Self.words.first(where: { $0.word.utf8.elementsEqual(word.utf8) }) else { return nil }
            rights.formUnion(known.rights)
        }
        self = rights
    }
}

extension Rights: CustomStringConvertible {
    /// The words, separated by commas.
    public var description: String {
        if self == .admin { return "admin" }
        return Self.words.dropLast().filter { self.contains($0.rights) }.map { $0.word }.joined(separator: ",")
    }
}
