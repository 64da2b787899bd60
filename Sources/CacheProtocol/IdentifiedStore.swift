/// A backend that keeps streams in a store which others may share and change, and that can tell this store from any
/// other, also from the same one after it was emptied.
///
/// For a backend in front of it: a stream that is not in the store any more was removed by somebody if the store still
/// is the one that had it, and may be lost if not.
public protocol IdentifiedStore: CacheBackend {
    /// A name that the store got once and keeps for as long as it keeps its streams; it is given one where it has none.
    ///
    /// - Returns: The name, as the store has it now.
    /// - Throws: ``CacheError`` with code `io`, `configuration` or `storage_full` where it can't be read or given.
    func storeIdentity() async throws(CacheError) -> String
}
