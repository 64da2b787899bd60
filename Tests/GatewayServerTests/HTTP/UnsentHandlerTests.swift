import FileStorage
import Logging
import MmapBackend
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Closing a connection on which bytes wait for the peer", .timeLimit(.minutes(5)))
struct UnsentHandlerTests {
    private static let size = 32 << 20

    /// Counts the bytes that get past the handler.
    private final class Recorder: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let count = Mutex(0)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data).readableBytes
            self.count.withLock { $0 += bytes }
        }
    }

    /// Runs with the two ends of a connection. The server's has more to send than the system takes for a peer that reads
    /// nothing.
    private func run(
        _ body: (_ server: any Channel, _ peer: RawPeer, _ recorder: Recorder) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        var storage = FileStoreConfiguration()
        storage.directory = directory.file("cache")
        let logger = Logger(label: "-") { _ in SwiftLogNoOpLogHandler() }
        let backend = try MmapBackend(configuration: storage, processID: ProcessIdentity.current, logger: logger)
        let service = GatewayService(backend: backend, configuration: GatewayConfiguration(), logger: logger)
        let recorder = Recorder()
        let (accepted, accept) = AsyncStream<any Channel>.makeStream()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([UnsentHandler(service: service), recorder])
                    accept.yield(channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let peer = try await RawPeer.connect(port: try #require(listener.localAddress?.port), receiveBuffer: 16 << 10)
        for await channel in accepted {
            channel.writeAndFlush(ByteBuffer(repeating: 7, count: Self.size), promise: nil)
            try await body(channel, peer, recorder)
            break
        }
        await peer.drop()
        try await listener.close()
    }

    @Test("all of it is sent first, closed once or twice, and what the peer says meanwhile is passed over")
    func deferred() async throws {
        try await self.run { server, peer, recorder in
            peer.send([1])
            while recorder.count.withLock({ $0 }) == 0 { await Task.yield() }
            let closes = (0..<2).map { _ in server.eventLoop.makePromise(of: Void.self) }
            for promise in closes { server.close(promise: promise) }
            try await server.eventLoop.submit {}.get()
            peer.send([2, 3])
            let all = try await peer.readToEnd()
            #expect(all.readableBytes == Self.size)
            for promise in closes { try await promise.futureResult.get() }
            #expect(recorder.count.withLock { $0 } == 1)
        }
    }

    @Test("where it was said that it is dropped, nothing is waited for, not even by a close that waits already")
    func dropped() async throws {
        try await self.run { server, peer, _ in
            let waiting = server.eventLoop.makePromise(of: Void.self)
            server.close(promise: waiting)
            try await server.eventLoop.submit { server.dropUnsentAtClose() }.get()
            try await server.close()
            _ = try? await waiting.futureResult.get()
            let rest = try? await peer.readToEnd()
            #expect(rest?.readableBytes ?? 0 < Self.size)
        }
    }
}
