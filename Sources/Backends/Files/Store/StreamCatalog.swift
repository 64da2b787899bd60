public import CacheProtocol

/// Who remembers what streams there are and the facts about them: the directory itself, or an index beside it.
///
/// Calls come from threads that may wait for devices, and for one stream never two at a time.
public protocol StreamCatalog: Sendable {
    /// Whether listings are the catalog's own strength, or read together from the directory.
    var listing: Capabilities.Support { get }

    /// A writer began, or went on with, a stream. `file` is open for writing.
    func started(_ info: StreamInfo, file: OpenFile) throws(CacheError)

    /// A stream is about to be sealed: remember `info`, and make `publish` happen with it, so that a crash between the
    /// two can be mended at the next start.
    func seal(_ info: StreamInfo, file: OpenFile, publish: () throws(CacheError) -> Void) throws(CacheError)

    /// A stream's writer went away.
    func suspended(_ info: StreamInfo)

    /// A stream's file is gone; forget it. On a full disk that may have to wait, and must not fail the removal.
    func removed(_ id: StreamID)

    /// A stream was read at this time. May be remembered in batches.
    func touched(_ id: StreamID, at time: Timestamp)

    /// The facts about a stream, or `nil` where there is none.
    func info(_ id: StreamID) throws(CacheError) -> StreamInfo?

    /// One page of streams, in the order of their ids. Live streams may be given as suspended: the caller knows better.
    func streams(matching filter: StreamFilter, after cursor: StreamID?, limit: Int) throws(CacheError) -> StreamPage
}
