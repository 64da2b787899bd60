public import NIOCore

/// The exclusive right to append to one stream.
///
/// Wait for ``opened()``, append, then ``finish(expecting:)`` or ``abort()``. A writer that is merely dropped suspends
/// its stream: what was appended stays, readable and resumable.
///
/// A writer belongs to one owner at a time, and its calls never overlap; it may move between threads.
public struct StreamWriter: ~Copyable, Sendable {
    private let sink: any StreamSink
    private var isEnded = false

    /// Wraps a backend's sink.
    ///
    /// - Parameter sink: The sink, not yet opened.
    public init(_ sink: any StreamSink) { self.sink = sink }

    deinit {
        if !self.isEnded { self.sink.suspend() }
    }

    /// Brings the stream about. Ask once, before the first append.
    ///
    /// - Returns: Where appending starts: 0, or how far a resumed stream had got. Its failure carries code
    ///   `stream_exists`, `stream_busy`, `storage_full`, `limit` or `io`; the writer is then good for nothing but being
    ///   dropped.
    public func opened() -> Answer<WritePosition> { self.sink.open() }

    /// Appends `count` bytes that `fill` produces in the backend's own memory, so that whatever the bytes need on
    /// the way, unmasking for example, costs no copy of its own.
    ///
    /// - Parameters:
    ///   - count: How many bytes, more than 0.
    ///   - fill: Called once or more, in order; each time it must initialize the whole capacity of the span. The
    ///     capacities add up to `count`.
    /// - Returns: Whether to go on, or to wait first. The bytes were taken in either case.
    /// - Throws: ``CacheError`` with code `storage_full`, `stream_too_large`, `stream_busy` (a newcomer took the stream
    ///   over), or `io`. None of the bytes was taken, and the stream stays as far as it got.
    public mutating func append(
        count: Int,
        filling fill: (inout OutputRawSpan) -> Void
    ) throws(CacheError) -> AppendResult {
        try self.sink.append(count: count, filling: fill)
    }

    /// Appends the readable bytes of `buffer`.
    ///
    /// - Parameter buffer: The bytes; none is fine.
    /// - Returns: Whether to go on, or to wait first.
    /// - Throws: As ``append(count:filling:)``.
    public mutating func append(_ buffer: ByteBuffer) throws(CacheError) -> AppendResult {
        guard buffer.readableBytes > 0 else { return .ready }
        var remaining = buffer
        return try self.append(count: buffer.readableBytes) { span in
            let count = span.freeCapacity
            remaining.readWithUnsafeReadableBytes { source in
                span.withUnsafeMutableBytes { target, initialized in
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
                    initialized += count
                }
                return count
            }
        }
    }

    /// Says that no more bytes are at hand for now: what was appended goes to storage, and to readers, without waiting
    /// for a block to fill.
    public mutating func flush() { self.sink.flush() }

    /// Seals the stream once everything appended is stored.
    ///
    /// - Parameter sha256: The digest that the whole stream must have, or `nil`.
    /// - Returns: What answers with the sealed stream's facts. Its failure carries code `digest_mismatch`,
    ///   `storage_full` or `io`; the stream is then suspended, its bytes kept.
    public consuming func finish(expecting sha256: SHA256Value? = nil) -> Later<StreamInfo> {
        self.isEnded = true
        let sink = self.sink
        return Later { () async throws(CacheError) -> StreamInfo in try await sink.finish(expecting: sha256) }
    }

    /// Removes the stream and its bytes.
    ///
    /// - Returns: What answers when the bytes are gone.
    public consuming func abort() -> Later<Void> {
        self.isEnded = true
        let sink = self.sink
        return Later { () async throws(CacheError) in try await sink.abort() }
    }
}

/// Where appending to a stream starts.
public struct WritePosition: Hashable, Sendable {
    /// How many bytes the stream has.
    public var offset: Int64
    /// Counts the writers of this stream: each newcomer's is higher than that of the one before, whose late bytes are
    /// thereby told apart and refused.
    public var epoch: Int64

    /// Makes a position.
    ///
    /// - Parameters:
    ///   - offset: How many bytes the stream has.
    ///   - epoch: Which writer of the stream this is, counted from 1.
    public init(offset: Int64, epoch: Int64) {
        self.offset = offset
        self.epoch = epoch
    }
}

/// Whether to keep appending.
public enum AppendResult: Sendable {
    /// The bytes were taken, and more may follow.
    case ready
    /// The bytes were taken; wait before the next append. A failure of the wait is a failure of the stream.
    case pause(Later<Void>)
}
