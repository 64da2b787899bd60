/// A backend whose readers fetch more than they are asked for when somebody goes through a stream.
///
/// For a backend in front of it that does so itself, and for all its readers at once: bytes would be fetched twice.
public protocol ReadingAhead: CacheBackend {
    /// Makes a reader, as ``CacheBackend/makeReader(for:)`` does, that fetches what it is asked for and no more.
    ///
    /// - Parameter id: The stream.
    /// - Returns: The reader; several reads of it may be under way at once.
    /// - Throws: As ``CacheBackend/makeReader(for:)``.
    func makeExactReader(for id: StreamID) throws(CacheError) -> StreamReader
}
