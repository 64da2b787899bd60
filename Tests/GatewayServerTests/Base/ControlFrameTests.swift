import NIOCore
import Synchronization
import Testing
import Wire

@testable import GatewayServer

@Suite("Pings, pongs and closes, over a socket", .timeLimit(.minutes(5)))
struct ControlFrameTests {
    @Test("a ping's payload comes back exactly")
    func echo() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            for length in [0, 1, 4, 124, 125] {
                peer.sendFrame(.ping, sample(length))
                let pong = try await peer.frame()
                #expect(pong.isFinal && pong.opcode == .pong && pong.payload.isEqual(to: sample(length)))
            }
        }
    }

    @Test("pongs are ignored, asked for or not")
    func pongs() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            for length in [0, 125] { peer.sendFrame(.pong, sample(length)) }
            try await peer.settle()
        }
    }

    @Test("a ping in the middle of an upload, and of a fragmented message, is answered and harms neither")
    func between() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("between")
            peer.sendFrame(.binary, [1], isFinal: false)
            peer.sendFrame(.ping, [9])
            let pong = try await peer.frame()
            #expect(pong.opcode == .pong && pong.payload.isEqual(to: [9]))
            peer.sendFrame(.continuation, [2])
            try await peer.stop("between")
            #expect(try await peer.read("between", 0, 10).isEqual(to: [1, 2]))
        }
    }

    @Test("a peer that is silent is pinged, and one that answers nothing is let go with 1001")
    func idle() async throws {
        try await TestGateway.run {
            $0.gateway.idleTimeoutSeconds = 2
        } _: { gateway in
            let peer = try await gateway.peer()
            let ping = try await peer.frame()
            #expect(ping.opcode == .ping)
            try await peer.expectClose(1_001)
            peer.sayClose(1_001)
            try await peer.expectEnd()
        }
    }

    @Test("a peer whose GET waits for bytes that may never come is pinged like any other, and let go")
    func waiting() async throws {
        try await TestGateway.run {
            $0.gateway.idleTimeoutSeconds = 2
        } _: { gateway in
            let writer = try await gateway.connect()
            // Together, so that there is no time in which either would be pinged before.
            writer.send(RawPeer.upgradeRequest())
            writer.say(#"{"type":"START","streamId":"live"}"#)
            writer.get("live", 0, 10, #","waitMs":600000"#)
            #expect(try await writer.head().status == 101)
            try await writer.expect(.started)
            #expect(try await writer.frame().opcode == .ping)
            try await writer.expectClose(1_001)
        }
    }

    private final class Pings: Sendable {
        let count = Mutex(0)
    }

    @Test("a peer that answers its pings stays")
    func answering() async throws {
        try await TestGateway.run {
            $0.gateway.idleTimeoutSeconds = 12
        } _: { gateway in
            let peer = try await gateway.peer()
            let pings = Pings()
            // Answered where they arrive: a busy machine may not get round to the test itself for a while.
            _ = try await peer.take("pings") { unread -> Bool? in
                while let frame = try unread.readFrame() {
                    guard frame.opcode == .ping else { throw RawPeer.Surprise("\(frame.opcode)") }
                    peer.sendFrame(.pong, frame.payload.readableBytesView)
                    pings.count.withLock { $0 += 1 }
                }
                return pings.count.withLock { $0 } == 3 ? true : nil
            }
            // Another one may come before the answer.
            peer.say(#"{"type":"PING"}"#)
            var frame = try await peer.frame()
            while frame.opcode == .ping { frame = try await peer.frame() }
            #expect(frame.opcode == .text)
        }
    }

    @Test(
        "a Close is answered with its own code, and the connection closed",
        arguments: [nil, 1_000, 1_001, 1_003, 1_007, 1_011, 3_000, 4_999] as [UInt16?]
    )
    func close(code: UInt16?) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            peer.sayClose(code)
            let reason = try await peer.expectClose(code)
            #expect(reason.isEmpty)
            // Nothing may come after it, whatever the peer still says.
            peer.say(#"{"type":"PING"}"#)
            try await peer.expectEnd()
        }
    }

    @Test("what was asked before a Close is not owed any more; what comes of it comes whole, but for a frame under way")
    func closeWithAnswersUnderWay() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("stream", sample(100_000))
            let peer = try await gateway.peer()
            for _ in 0..<20 { peer.get("stream", 0, 100_000) }
            peer.sayClose()
            var rest = try await peer.readToEnd()
            var answers = 0
            while let frame = try rest.readFrame() {
                if frame.opcode == .close { break }
                #expect(frame.opcode == .binary && frame.payload.isEqual(to: sample(100_000)))
                answers += 1
            }
            #expect(answers <= 20)
        }
    }

    @Test("a TCP connection that ends without Close is closed, and an upload on it suspended", arguments: [0, 1, 2])
    func bareClose(kind: Int) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let other = try await gateway.peer()
            try await peer.start("bare")
            peer.upload([1, 2, 3])
            try await peer.settle()
            switch kind {
            case 0:
                try await peer.finishSending()
                try await peer.expectEnd()
            case 1: await peer.drop()
            default: try await peer.reset()
            }
            var info = try await other.info("bare")
            while info.state == "live" { info = try await other.info("bare") }
            #expect(info.state == "suspended" && info.size == 3)
        }
    }

    @Test("a peer that does not close after our Close is left after five seconds")
    func stubborn() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let other = try await gateway.peer()
            // A reserved opcode.
            let begin = ContinuousClock.now
            peer.send([0x83, 0x80, 0, 0, 0, 0])
            try await peer.expectClose(1_002)
            try await peer.expectEnd()
            // It never closes, and goes on talking.
            while peer.channel.isActive {
                peer.say(#"{"type":"PING"}"#)
                try await other.settle()
                if ContinuousClock.now - begin > .seconds(60) { break }
            }
            let duration = ContinuousClock.now - begin
            #expect(duration < .seconds(60) && duration > .milliseconds(4_900))
        }
    }
}
