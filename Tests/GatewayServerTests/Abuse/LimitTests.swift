import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Limits, at their edges", .timeLimit(.minutes(5)))
struct LimitTests {
    @Test("one address has so many connections, and the next is told so whatever it asks")
    func perPeer() async throws {
        try await TestGateway.run {
            $0.gateway.maximumConnectionsPerPeer = 2
            $0.gateway.countsLoopbackPeers = true
        } _: { gateway in
            let first = try await gateway.peer()
            let second = try await gateway.peer()
            let third = try await gateway.connect()
            let (head, body) = try await third.response()
            #expect(head.status == 503 && head["retry-after"] == "5" && body.contains("limits.maxConnectionsPerPeer"))
            try await third.expectEnd()
            await third.drop()
            try await second.settle()
            await first.drop()
            while true {
                let next = try await gateway.connect()
                next.send(RawPeer.upgradeRequest())
                if try await next.head().status == 101 { break }
                await next.drop()
            }
        }
    }

    @Test("connections that say nothing are bounded, and WebSockets are not counted among them")
    func plain() async throws {
        try await TestGateway.run {
            $0.gateway.maximumPlainConnections = 2
        } _: { gateway in
            var bystander = try await Bystander(of: gateway)
            var silent = [try await gateway.connect(), try await gateway.connect()]
            silent[1].send("GET /audio HT")
            // Those two are counted on event loops of their own, perhaps after the next one is; and the bystander, which has
            // heard that it is a WebSocket, may be counted as something else a moment longer, so that one of them is refused.
            var refusal: (head: RawPeer.Head, body: String)?
            for _ in 0..<1_000 where refusal == nil {
                let third = try await gateway.connect()
                third.send(RawPeer.upgradeRequest())
                let answer = try await third.response()
                await third.drop()
                guard answer.head.status == 101 else {
                    refusal = answer
                    break
                }
                silent.append(try await gateway.connect())
            }
            #expect(refusal?.head.status == 503)
            #expect(refusal?.body.contains("limits.maxPlainConnections") == true)
            try await bystander.goOn()
            for peer in silent { await peer.drop() }
            while true {
                let next = try await gateway.connect()
                next.send(RawPeer.upgradeRequest())
                if try await next.head().status == 101 { break }
                await next.drop()
            }
            try await bystander.finish()
        }
    }

    @Test("so many uploads may be under way; the next is told so, and may begin when one has ended, however it did")
    func openStreams() async throws {
        try await TestGateway.run {
            $0.gateway.maximumOpenStreams = 1
        } _: { gateway in
            let writer = try await gateway.peer()
            let other = try await gateway.peer()
            let refused = {
                other.say(#"{"type":"START","streamId":"other"}"#)
                let answer = try await other.expectError(.limit)
                #expect(answer.isRetryable == true && answer.message.contains("limits.maxOpenStreams"))
            }
            try await writer.start("stopped")
            try await refused()
            // Nothing is counted twice, or given back twice.
            writer.say(#"{"type":"START","streamId":"second"}"#)
            try await writer.expectError(.streamBusy)
            try await refused()
            try await writer.stop("stopped")
            writer.say(#"{"type":"START","streamId":"stopped"}"#)
            try await writer.expectError(.streamExists)
            try await writer.start("aborted")
            try await refused()
            _ = try await writer.ask(#"{"type":"ABORT"}"#, .aborted)
            writer.say(#"{"type":"START","streamId":".."}"#)
            try await writer.expectError(.badStreamID)
            try await writer.start("dropped")
            try await refused()
            await writer.drop()
            while true {
                other.say(#"{"type":"START","streamId":"other"}"#)
                let answer = try await other.message()
                if answer.kind == .started { break }
                #expect(answer.code == .limit)
            }
        }
    }

    @Test("a header of as many bytes and fields as may be is read, and one more is too many")
    func header() async throws {
        try await TestGateway.run {
            $0.gateway.maximumHeaderFields = 20
            $0.gateway.maximumHeaderLength = 4_096
        } _: { gateway in
            // Five fields are those of the request.
            for (fields, status) in [(15, 101), (16, 431)] {
                let peer = try await gateway.connect()
                peer.send(RawPeer.upgradeRequest((0..<fields).map { ("X-\($0)", "y") }))
                #expect(try await peer.head().status == status, "\(fields)")
            }
            for (length, status) in [(2_000, 101), (2_100, 431)] {
                let peer = try await gateway.connect()
                peer.send(RawPeer.upgradeRequest([("X", String(repeating: "x", count: length))]))
                #expect(try await peer.head().status == status, "\(length)")
            }
            let peer = try await gateway.connect()
            peer.send(RawPeer.upgradeRequest((0..<3).map { ("X-\($0)", String(repeating: "x", count: 1_500)) }))
            #expect(try await peer.head().status == 431)
        }
    }

    @Test("a header that does not come to its end in time is answered with 408")
    func headerTime() async throws {
        try await TestGateway.run {
            $0.gateway.headerTimeoutSeconds = 5
        } _: { gateway in
            let peer = try await gateway.connect()
            peer.send("GET /audio HTTP/1.1\r\nHost: localhost\r\n")
            let (head, _) = try await peer.response()
            #expect(head.status == 408 && head["connection"] == "close")
            try await peer.expectEnd()
        }
    }

    @Test("a text message in as many frames as may be is read, and one more is too many; empty ones count")
    func fragments() async throws {
        try await TestGateway.run {
            $0.gateway.maximumTextFragments = 4
        } _: { gateway in
            for (empty, isFine) in [(2, true), (3, false)] {
                let peer = try await gateway.peer()
                peer.sendFrame(.text, #"{"type":"#.utf8, isFinal: false)
                for _ in 0..<empty { peer.sendFrame(.continuation, [], isFinal: false) }
                peer.sendFrame(.continuation, #""PING"}"#.utf8)
                if isFine { try await peer.expect(.pong) } else { try await peer.expectClose(1_008) }
            }
        }
    }

    @Test(
        "a text message that does not come to its end in time ends the connection, though something comes all the time"
    )
    func messageTime() async throws {
        try await TestGateway.run {
            $0.gateway.messageTimeoutSeconds = 1
        } _: { gateway in
            var bystander = try await Bystander(of: gateway)
            let peer = try await gateway.peer()
            peer.sendFrame(.text, #"{"type":"PING","x":""#.utf8, isFinal: false)
            let other = try await gateway.peer()
            let ended = Task {
                let reason = try await peer.expectClose(1_008)
                #expect(reason.contains("too long"))
            }
            for _ in 0..<300 where peer.channel.isActive {
                peer.sendFrame(.continuation, [], isFinal: false)
                try await other.settle()
            }
            try await ended.value
            try await bystander.goOn()
            try await bystander.finish()
        }
    }

    @Test("as many pings as may be are answered, and one more ends the connection")
    func pings() async throws {
        try await TestGateway.run {
            $0.gateway.maximumPingsPerSecond = 1
        } _: { gateway in
            let peer = try await gateway.peer()
            for number in 0..<10 {
                peer.sendFrame(.ping, [UInt8(number)])
                #expect(try await peer.frame().payload.isEqual(to: [UInt8(number)]))
            }
            peer.sendFrame(.ping, [0])
            try await peer.expectClose(1_008)
        }
    }

    @Test("who is told to go, and neither reads that nor goes, is let go of all the same")
    func zeroWindow() async throws {
        try await TestGateway.run {
            $0.gateway.closeTimeoutSeconds = 1
        } _: { gateway in
            try await gateway.store("wanted", sample(65_536))
            let greedy = try await gateway.peer(receiveBuffer: 16 << 10)
            for _ in 0..<20 { greedy.get("wanted", 0, 65_536) }
            // A reserved opcode.
            greedy.send([0x83, 0x80, 0, 0, 0, 0])
            let other = try await gateway.peer()
            while greedy.channel.isActive {
                // What comes for a connection that is gone is answered with a reset.
                greedy.say(#"{"type":"PING"}"#)
                try await other.settle()
            }
        }
    }

    @Test("streams beyond the rate wait for their turn, and all come")
    func startRate() async throws {
        try await TestGateway.run {
            $0.gateway.maximumStartsPerSecond = 4
        } _: { gateway in
            let peer = try await gateway.peer()
            let begin = ContinuousClock.now
            for number in 0..<44 {
                peer.say(#"{"type":"START","streamId":"s\#(number)"}"#)
                peer.say(#"{"type":"ABORT"}"#)
            }
            for _ in 0..<44 {
                try await peer.expect(.started)
                try await peer.expect(.aborted)
            }
            #expect(ContinuousClock.now - begin >= .milliseconds(990))
        }
    }
}
