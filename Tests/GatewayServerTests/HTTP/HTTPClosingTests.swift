import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("The end of HTTP connections", .timeLimit(.minutes(5)))
struct HTTPClosingTests {
    private static let size = 16 << 20

    /// Asks for a long stream by a connection that takes little at a time, and reads the header alone.
    private static func begin(_ gateway: TestGateway, _ fields: [(String, String)] = []) async throws -> RawPeer {
        try await gateway.store("long", sample(Self.size))
        let peer = try await RawPeer.connect(port: gateway.port, receiveBuffer: 16 << 10)
        peer.request("GET", "/streams/long", fields)
        let head = try await peer.head()
        guard head.status == 200, head.bodyLength == Self.size else { throw RawPeer.Surprise("\(head)") }
        return peer
    }

    @Test("who has closed its own half gets the whole answer", arguments: ["keep-alive", "close"])
    func halfClosed(connection: String) async throws {
        try await TestGateway.run { gateway in
            let peer = try await Self.begin(gateway, [("Connection", connection)])
            try await peer.finishSending()
            let body = try await peer.readToEnd()
            let isWhole = body.isEqual(to: sample(Self.size))
            #expect(isWhole, "\(body.readableBytes)")
            await peer.drop()
        }
    }

    @Test("who uploads while the backend is behind is not idle, and who says nothing is")
    func heldBack() async throws {
        let (held, hold) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        let bytes = sample(Self.size)
        try await TestGateway.run {
            $0.gateway.idleTimeoutSeconds = 2
            $0.wrap = { HeldBackend(base: $0, held: hold, release: released) }
        } _: { gateway in
            let writer = try await gateway.connect()
            writer.request("PUT", "/streams/held", [("Content-Length", "\(bytes.count)")])
            writer.send(bytes)
            for await _ in held { break }
            // Two that come now, one after the other, are given up: as long as that is too long for who says nothing.
            for _ in 0..<2 {
                let idle = try await gateway.connect()
                idle.request("GET", "/livez")
                try await idle.readToEnd()
            }
            release.finish()
            #expect(try await writer.answer().status == 201)
            let stored = try await gateway.connect().ask("GET", "/streams/held")
            let isWhole = stored.body.isEqual(to: bytes)
            #expect(isWhole)
        }
    }

    /// Runs a gateway that begins to shut down while an answer is under way.
    private static func shutDown(
        graceSeconds: Int64,
        watch: @escaping @Sendable (RawPeer) async throws -> Void
    ) async throws {
        let (peers, hand) = AsyncStream<RawPeer>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { hand.finish() }
                try await TestGateway.run {
                    $0.gateway.shutdownGraceSeconds = graceSeconds
                } _: { gateway in
                    _ = hand.yield(try await Self.begin(gateway))
                }
            }
            for await peer in peers { try await watch(peer) }
            try await group.waitForAll()
        }
    }

    @Test("a gateway that shuts down sends to its end what it has begun")
    func shutdown() async throws {
        try await Self.shutDown(graceSeconds: 600) { peer in
            let body = try await peer.readToEnd()
            let isWhole = body.isEqual(to: sample(Self.size))
            #expect(isWhole, "\(body.readableBytes)")
            await peer.drop()
        }
    }

    @Test("a gateway that shuts down does not wait longer than it was told to for who takes nothing")
    func shutdownStalled() async throws {
        // It ends though the peer is there all the time: the group waits for it.
        let (held, hold) = AsyncStream<RawPeer>.makeStream()
        try await Self.shutDown(graceSeconds: 1) { peer in hold.yield(peer) }
        hold.finish()
        for await peer in held {
            let body = try await peer.readToEnd()
            #expect(body.readableBytes < Self.size)
            await peer.drop()
        }
    }
}
