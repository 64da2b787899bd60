import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("The greeting", .timeLimit(.minutes(5)))
struct GreetingTests {
    /// A peer that says something together with its request, so that not even a busy machine finds it silent.
    private func talking(to gateway: TestGateway, _ write: (inout ByteBuffer) -> Void) async throws -> RawPeer {
        let peer = try await gateway.connect()
        var bytes = ByteBuffer(string: RawPeer.upgradeRequest())
        write(&bytes)
        peer.send(bytes)
        #expect(try await peer.head().status == 101)
        return peer
    }

    @Test("a client that waits for a greeting gets one, and one only; one that has spoken gets none")
    func lazy() async throws {
        try await TestGateway.run {
            $0.gateway.greeting = .lazy
        } _: { gateway in
            // This one speaks at once. The other begins its silence after that, so when it is greeted, this one's second
            // is over too.
            let talking = try await self.talking(to: gateway) { $0.write(.text, #"{"type":"PING"}"#.utf8) }
            try await talking.expect(.pong)
            let waiting = try await gateway.peer()
            let text = try await waiting.text()
            #expect(text.hasPrefix(#"{"type":"CONNECTED","message":""#))
            try await talking.start("talking")
            try await waiting.start("waiting")
            try await waiting.settle()
            try await talking.settle()
        }
    }

    @Test("a binary frame, a ping, or half a frame is a word too", arguments: [0, 1, 2])
    func speaking(kind: Int) async throws {
        try await TestGateway.run {
            $0.gateway.greeting = .lazy
        } _: { gateway in
            let talking = try await self.talking(to: gateway) { first in
                switch kind {
                case 0: first.write(.binary, [1, 2, 3])
                case 1: first.write(.ping, [])
                default: first.writeBytes([0x89])
                }
            }
            if kind == 0 { try await talking.expectError(.noOpenStream) }
            if kind == 1 { #expect(try await talking.frame().opcode == .pong) }
            let waiting = try await gateway.peer()
            try await waiting.expect(.connected)
            if kind == 2 {
                talking.send([0x80, 0, 0, 0, 0])
                #expect(try await talking.frame().opcode == .pong)
            }
            try await talking.settle()
        }
    }

    @Test("the configuration may have everybody greeted at once")
    func eager() async throws {
        try await TestGateway.run {
            $0.gateway.greeting = .eager
        } _: { gateway in
            let peer = try await gateway.peer()
            try await peer.expect(.connected)
            try await peer.settle()
        }
    }
}
