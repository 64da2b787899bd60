public import CacheProtocol

/// How streams are named on disk: `<id>.part` while they are written, `<id>.audio` once sealed. The name alone tells the
/// state, so the state survives a crash without any index, and the bytes are a file that any player opens.
public enum StreamFileName {
    /// The ending of an unfinished stream.
    public static let unfinishedSuffix = ".part"
    /// The ending of a sealed stream.
    public static let sealedSuffix = ".audio"

    /// The file of an unfinished stream.
    ///
    /// - Parameter id: The stream's name.
    /// - Returns: A name inside the cache directory.
    public static func unfinished(_ id: StreamID) -> String { id.rawValue + self.unfinishedSuffix }

    /// The file of a sealed stream.
    ///
    /// - Parameter id: The stream's name.
    /// - Returns: A name inside the cache directory.
    public static func sealed(_ id: StreamID) -> String { id.rawValue + self.sealedSuffix }

    /// Which stream a file belongs to.
    ///
    /// - Parameter name: A name inside the cache directory.
    /// - Returns: The stream and whether the file is that of a sealed one; `nil` for any other file.
    public static func parse(_ name: String) -> (id: StreamID, isSealed: Bool)? {
        for (suffix, isSealed) in [(self.sealedSuffix, true), (self.unfinishedSuffix, false)]
        where name.hasSuffix(suffix) {
            return StreamID(validating: String(name.dropLast(suffix.count))).map { ($0, isSealed) }
        }
        return nil
    }
}
