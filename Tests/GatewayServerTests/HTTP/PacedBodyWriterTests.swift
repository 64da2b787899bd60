import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import GatewayServer

@Suite("Writing a body as its event loop gets on")
struct PacedBodyWriterTests {
    @Test("what the event loop has not got to is one write, however much there is to write")
    func pace() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let ledger = Ledger()
        var writer = PacedBodyWriter(HastyWriter(ledger: ledger, eventLoop: loop), on: loop)
        for _ in 0..<2_000 { try await writer.write([ByteBuffer(integer: 1)]) }
        try await writer.finish(nil)
        #expect(ledger.written == 2_000 && ledger.mostAhead == 1)
        try await group.shutdownGracefully()
    }

    @Test("what fails to be written fails the write")
    func failure() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        await #expect(throws: ChannelError.self) {
            var writer = PacedBodyWriter(BrokenWriter(), on: group.next())
            try await writer.write([ByteBuffer()])
        }
        try await group.shutdownGracefully()
    }
}

/// How far writes are ahead of the event loop that they are handed to.
private final class Ledger: Sendable {
    private let state = Mutex((written: 0, done: 0, mostAhead: 0))

    var written: Int { self.state.withLock { $0.written } }
    var mostAhead: Int { self.state.withLock { $0.mostAhead } }

    func wrote() {
        self.state.withLock { state in
            state.written += 1
            state.mostAhead = max(state.mostAhead, state.written - state.done)
        }
    }

    func done() { self.state.withLock { $0.done += 1 } }
}

/// Hands each write to the event loop and does not wait for it, as the library's does.
private struct HastyWriter: ResponseBodyWriter {
    let ledger: Ledger
    let eventLoop: any EventLoop

    mutating func write(_ buffer: ByteBuffer) async throws {
        let ledger = self.ledger
        ledger.wrote()
        self.eventLoop.execute { ledger.done() }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

private struct BrokenWriter: ResponseBodyWriter {
    mutating func write(_ buffer: ByteBuffer) async throws { throw ChannelError.ioOnClosedChannel }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
