import NIOCore
import NIOEmbedded
import NIOPosix
import TestSupport
import Testing

@testable import AudioClient

@Suite("What was sent and has not arrived", .timeLimit(.minutes(5)))
struct SendQueueTests {
    @Test("on a socket it is what the other end has not taken, and nothing once that has taken all")
    func socket() async throws {
        let (accepted, accept) = AsyncStream<any Channel>.makeStream()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.socketOption(.so_rcvbuf), value: 16 << 10)
            .childChannelInitializer { channel in
                accept.yield(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: server.localAddress?.port ?? 0).get()
        func length() async throws -> Int64? {
            try await client.eventLoop.submit { SendQueue.length(of: client) }.get()
        }
        #expect(try await length() == 0)
        // Far more than the buffers of both ends.
        client.writeAndFlush(ByteBuffer(repeating: 1, count: 16 << 20), promise: nil)
        let first = try #require(try await length())
        #expect(first > 0 && first <= 16 << 20)
        var peers = accepted.makeAsyncIterator()
        let peer = try #require(await peers.next())
        try await peer.setOption(.autoRead, value: true).get()
        try await eventually("everything has arrived") { try await length() == 0 }
        try await client.close()
        #expect(try await length() == nil)
        try await peer.closeFuture.get()
        try await server.close()
    }

    @Test("where there is no socket, nobody knows")
    func noSocket() throws {
        #expect(SendQueue.length(of: EmbeddedChannel()) == nil)
    }
}
