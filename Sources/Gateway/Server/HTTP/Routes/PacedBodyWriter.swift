import HTTPTypes
import Hummingbird
import NIOCore

/// Writes a body no further ahead than its connection's event loop has got.
///
/// The library's writer waits where the channel takes no more. But it learns that only from the event loop, which it hands
/// each write to without waiting: while the loop is held up, it takes whatever it is given, and a stream of gigabytes would
/// be in memory within a moment. So each write waits until the loop has done the one before. Meanwhile the caller has
/// fetched the next bytes, so that nobody waits for nothing.
struct PacedBodyWriter {
    private var writer: any ResponseBodyWriter
    private let eventLoop: any EventLoop
    private var hasWritten = false

    init(_ writer: any ResponseBodyWriter, on eventLoop: any EventLoop) {
        self.writer = writer
        self.eventLoop = eventLoop
    }

    /// Hands bytes to the connection, once it has got those before and takes more.
    @concurrent
    mutating func write(_ buffers: [ByteBuffer]) async throws {
        // The loop does in order what it is given, so it has done the write by then.
        if self.hasWritten { try await self.eventLoop.submit {}.get() }
        self.hasWritten = true
        try await self.writer.write(contentsOf: buffers)
    }

    /// Ends the body, with what is said behind it, if anything.
    @concurrent
    consuming func finish(_ trailers: HTTPFields?) async throws { try await self.writer.finish(trailers) }
}
