public import CacheProtocol

/// An object that is a stream, as the store has it: also where what it has is not what was sealed.
public struct StoredCopy: Hashable, Sendable {
    /// The facts that the object carries; the size is the object's own.
    public var info: StreamInfo
    /// How many bytes were sealed, where the object tells.
    public var sealedSize: Int64?
}

/// What a listing of the store says of a stream.
public struct ListedCopy: Hashable, Sendable {
    /// The stream.
    public var id: StreamID
    /// The object's size in bytes.
    public var size: Int64
}

/// For who looks into the store from outside, where a gateway would refuse what is damaged.
extension S3Backend {
    /// The object's key for a stream.
    ///
    /// - Parameter id: The stream.
    /// - Returns: The key inside the bucket.
    public func key(of id: StreamID) -> String { self.store.key(id) }

    /// What the store has of a stream.
    ///
    /// - Parameter id: The stream.
    /// - Returns: `nil` where it has none, or one whose time is over.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `io` or `configuration` where it can't be asked.
    public func storedCopy(of id: StreamID) async throws(CacheError) -> StoredCopy? {
        guard let found = try await self.store.stored(id), !self.store.isOver(found.facts.info) else { return nil }
        return StoredCopy(info: found.facts.info, sealedSize: found.sealedSize)
    }

    /// One page of what the store has, by its listing alone: no object is asked about.
    ///
    /// - Parameters:
    ///   - id: Only streams after this one.
    ///   - limit: How many objects are looked at; at most 1000.
    /// - Returns: The streams in the order of their names, and where to go on; `nil` at the end.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `io` or `configuration` where it can't be asked.
    public func listedCopies(
        after id: StreamID?,
        limit: Int
    ) async throws(CacheError) -> (copies: [ListedCopy], next: StreamID?) {
        try await self.store.listedCopies(after: id, limit: min(max(limit, 1), 1_000))
    }
}
