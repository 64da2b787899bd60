/// A place to keep streams: named byte sequences that one writer appends to, and that any number of readers read from
/// any offset, while they grow and afterwards.
///
/// Every method may be called from any thread, event loops included, and none blocks it. The two `make` methods are
/// synchronous and do no I/O: they look at or reserve the name in memory and return a handle, and the handle's first
/// answer does the work. Everything that can wait is `async` or an ``Answer``.
///
/// A stream is ``StreamState/live`` while a writer holds it, ``StreamState/suspended`` when its writer was dropped,
/// ``StreamState/sealed`` once finished. Readers never take, wait for or disturb the writer, and bytes already lent to
/// a reader stay valid, and unchanged, until it drops them, whatever happens to the stream.
///
/// ## Implementation guidance
/// Write a ``StreamSink`` and a ``StreamSource``; the handles check arguments and order of calls so that they need
/// not. Report every failure as a ``CacheError``. Run the suite of `BackendTestKit` over the result.
///
/// ## Topics
/// ### Describing the backend
/// - ``capabilities``
/// ### Reading and writing
/// - ``makeWriter(for:options:)``
/// - ``makeReader(for:)``
/// ### Managing streams
/// - ``streams(matching:after:limit:)``
/// - ``info(_:)``
/// - ``remove(_:)``
/// ### Life cycle
/// - ``run()``
public protocol CacheBackend: Sendable {
    /// What this backend can do. Constant for the life of the backend.
    var capabilities: Capabilities { get }

    /// Reserves a name for writing.
    ///
    /// No I/O happens here; the stream exists once ``StreamWriter/opened()`` has answered.
    ///
    /// - Parameters:
    ///   - id: The stream's name.
    ///   - options: How the stream is to be made.
    /// - Returns: The only writer of the stream.
    /// - Throws: ``CacheError`` with code `stream_busy`, `stream_exists`, `storage_full`, `limit` or `unsupported`, as
    ///   far as that can be told from memory.
    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter

    /// Makes a reader, without looking whether the stream exists: ``StreamReader/opened()`` tells.
    ///
    /// - Parameter id: The stream's name.
    /// - Returns: A reader that sees the stream grow.
    /// - Throws: ``CacheError`` with code `stream_not_found` or `limit`, as far as that can be told from memory.
    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader

    /// One page of the streams, in the order of their ids.
    ///
    /// A page costs at most memory in proportion to `limit`, however many streams there are.
    ///
    /// - Parameters:
    ///   - filter: Which streams to list.
    ///   - cursor: The last id of the page before, or `nil` for the first page.
    ///   - limit: The most streams to return, more than 0.
    /// - Returns: The page, and whether there is more.
    /// - Throws: ``CacheError`` with code `io`, or `unsupported` where ``Capabilities/listing`` is
    ///   ``Capabilities/Support/none``.
    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage

    /// What is known about a stream.
    ///
    /// - Parameter id: The stream's name.
    /// - Returns: The facts at this moment.
    /// - Throws: ``CacheError`` with code `stream_not_found` or `io`.
    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo

    /// Removes a stream and its bytes; works on a full disk.
    ///
    /// - Parameter id: The stream's name.
    /// - Throws: ``CacheError`` with code `stream_not_found`, `stream_busy` while a writer holds it, or `io`.
    func remove(_ id: StreamID) async throws(CacheError)

    /// How the backend is: what it holds and whether it can take more. Cheap enough to ask every few seconds.
    ///
    /// - Returns: The state at this moment.
    func health() async -> BackendHealth

    /// Does the backend's background work: recovery first, then upkeep, until the task is cancelled or the service
    /// group shuts down. Streams can be written and read while it runs, not before.
    ///
    /// - Throws: ``CacheError`` where the backend can't work at all.
    func run() async throws
}
