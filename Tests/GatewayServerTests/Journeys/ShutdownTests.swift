import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Shutting down", .timeLimit(.minutes(5)))
struct ShutdownTests {
    /// Runs a gateway that begins to shut down once `prepare` has returned, while `watch` goes on with what that made.
    private func shutDown<State: Sendable>(
        in directory: TemporaryDirectory,
        graceSeconds: Int64 = 10,
        prepare: @escaping @Sendable (Int) async throws -> State,
        watch: @escaping @Sendable (State) async throws -> Void
    ) async throws {
        let (states, hand) = AsyncStream<State>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { hand.finish() }
                try await TestGateway.run(in: directory) {
                    $0.gateway.shutdownGraceSeconds = graceSeconds
                } _: { gateway in
                    _ = hand.yield(try await prepare(gateway.port))
                }
            }
            for await state in states { try await watch(state) }
            try await group.waitForAll()
        }
    }

    private func peer(_ port: Int) async throws -> RawPeer {
        let peer = try await RawPeer.connect(port: port)
        try await peer.upgrade()
        return peer
    }

    @Test("an open upload is told, suspended, and goes on at the next gateway from where it was")
    func openUpload() async throws {
        let directory = try TemporaryDirectory()
        let bytes = sample(150_000)
        try await self.shutDown(in: directory) { port in
            let peer = try await self.peer(port)
            try await peer.start("open", #","contentType":"audio/ogg","metadata":{"a":"b"}"#)
            peer.upload(Array(bytes[..<100_001]))
            try await peer.settle()
            return peer
        } watch: { peer in
            let told = try await peer.expectError(.shuttingDown)
            #expect(told.isRetryable == true)
            try await peer.expectClose(1_001)
            try await peer.expectEnd()
            await peer.drop()
        }
        try await TestGateway.run(in: directory) { gateway in
            let peer = try await gateway.peer()
            let info = try await peer.info("open")
            #expect(info.state == "suspended" && info.size == 100_001)
            #expect(info.contentType == "audio/ogg" && info.metadata == ["a": "b"])
            #expect(try await peer.start("open", #","resume":true"#).offset == 100_001)
            peer.upload(Array(bytes[100_001...]))
            try await peer.stop("open", #","sha256":"\#(sha256(bytes))""#)
            #expect(try await peer.read("open", 0, 1 << 20).isEqual(to: bytes))
        }
    }

    @Test("who only reads, or waits, is told by the Close alone")
    func idle() async throws {
        let directory = try TemporaryDirectory()
        try await self.shutDown(in: directory) { port in
            let (idle, waiting) = (try await self.peer(port), try await self.peer(port))
            try await idle.start("stream")
            try await idle.stop("stream")
            let writer = try await self.peer(port)
            try await writer.start("live")
            waiting.get("live", 0, 10, #","waitMs":600000"#)
            waiting.sendFrame(.ping, [])
            #expect(try await waiting.frame().opcode == .pong)
            return [idle, waiting, writer]
        } watch: { peers in
            try await peers[2].expectError(.shuttingDown)
            for peer in peers {
                try await peer.expectClose(1_001)
                try await peer.expectEnd()
                await peer.drop()
            }
        }
    }

    @Test("a connection that was becoming a WebSocket, or a request, while all were told, ends as they do")
    func late() async throws {
        try await TestGateway.run { gateway in
            let plain = try await gateway.peer()
            try await plain.start("s")
            plain.upload([1, 2, 3])
            try await plain.stop("s")
            // The others have been told by now, which did not reach these.
            gateway.server.service.state.beganToEnd()
            let socket = try await RawPeer.connect(port: gateway.port)
            try await socket.upgrade()
            try await socket.expectClose(1_001)
            try await socket.expectEnd()
            await socket.drop()
            let client = try await RawPeer.connect(port: gateway.port)
            let answer = try await client.ask("GET", "/streams/s")
            #expect(answer.status == 200 && answer.body.isEqual(to: [1, 2, 3]))
            try await client.expectEnd()
            await client.drop()
        }
    }

    @Test("an answer that is under way is sent to its end")
    func answerUnderWay() async throws {
        let directory = try TemporaryDirectory()
        try await self.shutDown(in: directory, graceSeconds: 250) { port in
            let peer = try await RawPeer.connect(port: port, receiveBuffer: 16 << 10)
            try await peer.upgrade()
            try await peer.start("long")
            let part = sample(1 << 20)
            for _ in 0..<16 { peer.upload(part, frameLength: 1 << 20) }
            try await peer.stop("long")
            peer.get("long", 0, .max)
            // Its first bytes are here: it has begun.
            _ = try await peer.take("the first bytes") { $0.readableBytes > 0 ? true : nil }
            return peer
        } watch: { peer in
            #expect(try await peer.bytes().readableBytes == 16 << 20)
            try await peer.expectClose(1_001)
            try await peer.expectEnd()
            await peer.drop()
        }
    }

    @Test("who takes nothing of an answer keeps a gateway no longer than it was told to wait")
    func stalled() async throws {
        let (held, hold) = AsyncStream<RawPeer>.makeStream()
        try await self.shutDown(in: TemporaryDirectory(), graceSeconds: 1) { port in
            let peer = try await RawPeer.connect(port: port, receiveBuffer: 16 << 10)
            try await peer.upgrade()
            try await peer.start("long")
            let part = sample(1 << 20)
            for _ in 0..<32 { peer.upload(part, frameLength: 1 << 20) }
            try await peer.stop("long")
            peer.get("long", 0, .max)
            _ = try await peer.take("the first bytes") { $0.readableBytes > 0 ? true : nil }
            return peer
        } watch: { peer in
            hold.yield(peer)
        }
        // It has ended, though the peer was there all the time.
        hold.finish()
        for await peer in held { await peer.drop() }
    }

    @Test("a connection that comes while the gateway shuts down finds nobody")
    func lateComer() async throws {
        let directory = try TemporaryDirectory()
        try await self.shutDown(in: directory) { port in
            (port: port, peer: try await self.peer(port))
        } watch: { port, peer in
            try await peer.expectClose(1_001)
            await #expect(throws: (any Error).self) {
                let late = try await RawPeer.connect(port: port)
                try await late.upgrade()
            }
            await peer.drop()
        }
    }

    @Test("sealed streams, with all that is known about them, are there after a restart")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let facts = try await TestGateway.run(in: directory) { gateway in
            try await gateway.store("kept", sample(100_000))
            return try await gateway.peer().info("kept")
        }
        try await TestGateway.run(in: directory) { gateway in
            let peer = try await gateway.peer()
            #expect(try await peer.info("kept") == facts)
            #expect(try await peer.read("kept", 0, 1 << 20).isEqual(to: sample(100_000)))
        }
    }
}
