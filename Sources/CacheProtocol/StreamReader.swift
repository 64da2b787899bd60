public import NIOCore

/// Random access to one stream, sealed or growing.
///
/// Dropping the reader lets go of the stream. May be used from any thread, but reads that overlap are answered in no
/// particular order.
public struct StreamReader: Sendable {
    private let source: any StreamSource

    /// Wraps a backend's source.
    ///
    /// - Parameter source: The source, not yet opened.
    public init(_ source: any StreamSource) { self.source = source }

    /// Finds the stream. Ask once, before anything else.
    ///
    /// - Returns: How long the stream is and what it is doing. Its failure carries code `stream_not_found`, `limit` or
    ///   `io`.
    public func opened() -> Answer<StreamStatus> { self.source.open() }

    /// The stream's length and state now. Costs no I/O.
    public var status: StreamStatus { self.source.status }

    /// How many bytes of a stream that is not sealed are safe against what ``Capabilities/durability`` says; `nil` where the
    /// backend does not keep count. Costs no I/O.
    public var durableSize: Int64? { self.source.durableSize }

    /// Bytes from `offset` on.
    ///
    /// - Parameters:
    ///   - offset: Where to start: 0 or more, below ``status``'s size.
    ///   - count: The most bytes to return, more than 0.
    /// - Returns: At least one byte and at most `count`; fewer where the backend's memory is not contiguous or the
    ///   stream ends. The buffer may be a window on the backend's memory: it stays valid and unchanged until dropped,
    ///   and is to be treated as immutable.
    /// - Throws: ``CacheError`` with code `range`, `io` or `aborted`.
    public func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        let size = self.source.status.size
        guard offset >= 0, offset < size, count > 0 else {
            throw CacheError(.range, "\(count) bytes at offset \(offset) are not inside 0..<\(size).")
        }
        return try self.source.read(at: offset, count: Int(min(Int64(count), size - offset)))
    }

    /// Waits until the stream is longer than `offset`, or is no longer in `state`.
    ///
    /// - Parameters:
    ///   - offset: A length in bytes.
    ///   - state: The state during which waiting makes sense: a live stream grows, and a suspended one may be resumed.
    /// - Returns: The status that ended the wait.
    /// - Throws: ``CacheError`` with code `unsupported` where the backend has no live reads. Throws code `aborted` where
    ///   the waiting task is cancelled.
    public func grown(
        past offset: Int64,
        while state: StreamState = .live
    ) async throws(CacheError) -> StreamStatus {
        try await self.source.grown(past: offset, while: state)
    }

    /// As ``grown(past:while:)``, for who waits so often, or with so many, that a task for each would be felt.
    ///
    /// - Parameters:
    ///   - offset: A length in bytes.
    ///   - state: The state during which waiting makes sense.
    ///   - observer: Is told once when the wait is over, also where the backend can't wait; kept until then.
    /// - Returns: The wait, to be kept until it is over; dropping it gives the wait up.
    public func observeGrowth(
        past offset: Int64,
        while state: StreamState = .live,
        _ observer: any GrowthObserver
    ) -> GrowthWait {
        self.source.observeGrowth(past: offset, while: state, observer)
    }
}
