public import NIOCore

/// The backend's side of a writer; only backend authors need this.
///
/// ``StreamWriter`` guarantees that calls never overlap, that `open` comes first, and that exactly one of `finish`,
/// `abort` and `suspend` comes last, once. After a failed `open` only `suspend` follows. One overlap there is: a
/// connection may go away while `open` has not answered yet, so `suspend` can come before the answer; the sink then lets
/// go of the stream as soon as it has it.
public protocol StreamSink: AnyObject, Sendable {
    /// Brings the stream about, as the options given to the backend ask.
    ///
    /// - Returns: Where appending starts.
    func open() -> Answer<WritePosition>

    /// Takes `count` bytes, which `fill` writes into the sink's own memory.
    ///
    /// Called on an event loop: must not block.
    ///
    /// - Parameters:
    ///   - count: How many bytes, more than 0.
    ///   - fill: To be called with spans whose capacities add up to `count`; it fills each one wholly.
    /// - Returns: Whether the caller is to wait before the next append.
    /// - Throws: ``CacheError``; then none of the bytes was taken.
    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult

    /// Sends on its way what was appended. Called on an event loop: must not block.
    func flush()

    /// Seals the stream: bytes first, visible as sealed second.
    ///
    /// A sink whose `finish` throws has suspended the stream.
    ///
    /// - Parameter sha256: The digest to check against, if the writer declared one.
    /// - Returns: The facts about the sealed stream.
    /// - Throws: ``CacheError``.
    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo

    /// Removes the stream.
    ///
    /// - Throws: ``CacheError`` with code `io`.
    func abort() async throws(CacheError)

    /// Lets go of the stream, keeping what was appended. Called on an event loop, or anywhere: must not block.
    func suspend()
}

/// The backend's side of a reader; only backend authors need this.
///
/// ``StreamReader`` guarantees that `open` comes first and that ranges lie inside ``status``.
public protocol StreamSource: AnyObject, Sendable {
    /// Finds the stream.
    ///
    /// - Returns: The stream's length and state.
    func open() -> Answer<StreamStatus>

    /// The stream's length and state now, from memory.
    var status: StreamStatus { get }

    /// How many of the bytes are safe against what ``Capabilities/durability`` says, while the stream is not sealed: from
    /// memory. `nil`, which is the default, where the backend does not keep count.
    var durableSize: Int64? { get }

    /// Bytes from `offset` on: at least one, at most `count`. Called on an event loop: must not block.
    ///
    /// - Parameters:
    ///   - offset: A place inside the stream.
    ///   - count: More than 0, not past the end.
    /// - Returns: The bytes, now or later.
    /// - Throws: ``CacheError`` with code `io` or `aborted`.
    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer>

    /// Returns once the stream is longer than `offset` or no longer in `state`. Must not poll; see ``GrowthWaiters``.
    ///
    /// - Parameters:
    ///   - offset: A length in bytes.
    ///   - state: The state during which waiting makes sense.
    /// - Returns: The status that ended the wait.
    /// - Throws: ``CacheError`` with code `aborted` where the task is cancelled, or `unsupported`.
    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus

    /// Has an observer told once the stream is longer than `offset` or no longer in `state`: what live tails wait with.
    /// Called on an event loop: must not block. The default does it by ``grown(past:while:)`` in a task for each wait; see
    /// ``GrowthWaiters/observe(past:while:_:status:)`` for what takes none.
    ///
    /// - Parameters:
    ///   - offset: A length in bytes.
    ///   - state: The state during which waiting makes sense.
    ///   - observer: Whom to tell, once; also where waiting is not possible.
    /// - Returns: The wait. Dropping it gives it up.
    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait
}

extension StreamSource {
    /// Nobody keeps count.
    public var durableSize: Int64? { nil }

    /// Waits in a task.
    public func observeGrowth(
        past offset: Int64,
        while state: StreamState,
        _ observer: any GrowthObserver
    ) -> GrowthWait {
        let task = Task {
            let status = try? await self.grown(past: offset, while: state)
            guard !Task.isCancelled else { return }
            observer.streamHasGrown(StreamGrowth(status ?? self.status))
        }
        return GrowthWait { task.cancel() }
    }
}
