public import CacheProtocol

/// Who remembers what streams there are and the facts about them: the directory itself, or an index beside it.
///
/// Calls come from threads that may wait for devices, and for one stream never two at a time, but for the reading ones.
/// The facts have been written to the file itself when a call comes.
public protocol StreamCatalog: Sendable {
    /// Whether listings are the catalog's own strength, or read together from the directory.
    var listing: Capabilities.Support { get }

    // MARK: A stream's life

    /// A writer began, or went on with, a stream.
    func started(_ info: StreamInfo) throws(CacheError)

    /// A stream is about to be sealed: remember `info`, and make `publish` happen with it, so that a crash between the
    /// two can be mended at the next start. Where this throws, the caller undoes what `publish` did.
    func seal(_ info: StreamInfo, publish: () throws(CacheError) -> Void) throws(CacheError)

    /// A stream's writer went away, or its sealing came to nothing. On a full disk that may be remembered later.
    func suspended(_ info: StreamInfo)

    /// A stream is about to be removed: forget it, and have `unlink` remove its files after that, so that a crash between
    /// the two leaves a whole stream that is found again, and not a loss. On a full disk forgetting may have to wait, and
    /// must not fail the removal. Where `unlink` throws, the stream is remembered again.
    ///
    /// - Returns: Whether the catalog knew the stream.
    func remove(_ id: StreamID, unlink: () throws(CacheError) -> Void) throws(CacheError) -> Bool

    /// A stream's file is gone though nobody removed it.
    func lost(_ id: StreamID)

    /// Streams were read at these times.
    func touched(_ times: [StreamID: Timestamp]) throws(CacheError)

    // MARK: Looking

    /// The facts about a stream, or `nil` where there is none.
    func info(_ id: StreamID) throws(CacheError) -> StreamInfo?

    /// How long a sealed stream is by the catalog's own word, from memory or by one look; `nil` where it has none, or knows
    /// only what the file says.
    func sealedSize(of id: StreamID) throws(CacheError) -> Int64?

    /// One page of streams, in the order of their ids. Live streams may be given as suspended: the caller knows better.
    func streams(matching filter: StreamFilter, after cursor: StreamID?, limit: Int) throws(CacheError) -> StreamPage

    // MARK: Upkeep

    /// How much there is.
    func totals() throws(CacheError) -> (streams: Int64, bytes: Int64)

    /// Streams whose time is over, those first whose time was over first; not more than `limit`.
    func expired(at now: Timestamp, _ rules: KeepingRules, limit: Int) throws(CacheError) -> [EvictionCandidate]

    /// Sealed streams that may go, those first that were not used for longest: one page, in memory that does not grow
    /// with the number of streams.
    ///
    /// - Parameters:
    ///   - position: Where the page before ended; `nil` for the beginning.
    ///   - limit: The most streams of a page.
    ///   - mayGo: Whether a stream may go; may wait for a device.
    func leastUsed(
        after position: UsePosition?,
        limit: Int,
        where mayGo: (StreamID) -> Bool
    ) throws(CacheError) -> LeastUsedPage

    /// Makes catalog and files agree after whatever happened; streams are written and read meanwhile. Runs on a thread
    /// of its own, in memory that does not grow with the number of streams.
    ///
    /// - Parameters:
    ///   - counter: Is told how many streams were looked at.
    ///   - claim: Calls its second argument with those streams of its first that nobody writes, reads or removes, and
    ///     while nobody does; the others are in good hands. Who wants to write one of them waits meanwhile.
    func recover(
        counter: RecoveryCounter,
        claim: ([StreamID], ([StreamID]) throws(CacheError) -> Void) throws(CacheError) -> Void
    ) throws(CacheError) -> RecoveryReport

    /// Why the catalog can't do its work, one sentence each; empty where it can.
    var problems: [String] { get }

    /// Does what had to wait; called every few seconds.
    func settle()

    /// The store comes to its end: what is kept in several files for speed may be brought together.
    func close()
}
