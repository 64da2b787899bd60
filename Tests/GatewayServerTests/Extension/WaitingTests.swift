import Testing
import Wire

@testable import GatewayServer

@Suite("GETs of the extension, over a socket", .timeLimit(.minutes(5)))
struct WaitingTests {
    @Test("at the end, who uses the extension is told which end it is, with what is known")
    func ends() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let peer = try await gateway.peer()
            try await writer.start("ends")
            writer.upload([1, 2, 3])
            try await writer.settle()
            for more in [#","requestId":1"#, #","waitMs":0"#, #","waitMs":0,"requestId":"x""#] {
                peer.get("ends", 3, 10, more)
                let live = try await peer.expectError(.notYet)
                #expect(live.state == "live" && live.size == 3 && live.streamID == "ends")
            }
            await writer.drop()
            while try await peer.info("ends").state == "live" {}
            // A wait would be in vain now.
            peer.get("ends", 3, 10, #","waitMs":600000"#)
            let suspended = try await peer.expectError(.notYet)
            #expect(suspended.state == "suspended" && suspended.size == 3)
            try await peer.start("ends", #","resume":true"#)
            try await peer.stop("ends")
            for more in [#","requestId":1"#, #","waitMs":600000"#] {
                peer.get("ends", 3, 10, more)
                let sealed = try await peer.expectError(.end)
                #expect(sealed.state == "sealed" && sealed.size == 3 && sealed.sha256 == sha256([1, 2, 3]))
            }
        }
    }

    @Test("who waits at the live end gets the bytes when they come")
    func data() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("data")
            for number in 0..<20 {
                reader.get("data", Int64(number), 100, #","waitMs":60000"#)
                // Half of the time the question is there first.
                if number % 2 == 0 { try await writer.settle() }
                writer.upload([UInt8(number)])
                #expect(try await reader.bytes().isEqual(to: [UInt8(number)]))
            }
        }
    }

    @Test("a wait that is over ends with what is there, which is nothing")
    func timeout() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("timeout")
            writer.upload([1])
            try await writer.settle()
            reader.get("timeout", 1, 10, #","waitMs":20,"requestId":4"#)
            let error = try await reader.expectError(.notYet)
            #expect(error.requestID == .integer(4) && error.size == 1)
            // It is over for good: what comes later is nobody's answer.
            writer.upload([2])
            try await writer.settle()
            try await reader.settle()
            #expect(try await reader.read("timeout", 1, 10).isEqual(to: [2]))
        }
    }

    @Test("who waits when the stream is sealed, or its writer goes away, is told at once")
    func endOfWait() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("sealed")
            reader.get("sealed", 0, 10, #","waitMs":600000"#)
            try await writer.stop("sealed")
            try await reader.expectError(.end)
            try await writer.start("suspended")
            reader.get("suspended", 0, 10, #","waitMs":600000"#)
            await writer.drop()
            #expect(try await reader.expectError(.notYet).state == "suspended")
        }
    }

    @Test("what is asked after a wait is answered after it")
    func orderOfWaits() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("order")
            reader.get("order", 0, 10, #","waitMs":600000"#)
            reader.say(#"{"type":"PING"}"#)
            reader.get("order", 0, 1)
            reader.sendFrame(.ping, [5])
            // Pings are not questions.
            #expect(try await reader.frame().opcode == .pong)
            writer.upload([1, 2])
            try await writer.settle()
            #expect(try await reader.bytes().isEqual(to: [1, 2]))
            try await reader.expect(.pong)
            #expect(try await reader.bytes().isEqual(to: [1]))
        }
    }

    @Test("who waits and goes away leaves nothing behind, and the writer does not notice")
    func leaving() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("leaving")
            for _ in 0..<20 {
                let reader = try await gateway.peer()
                for _ in 0..<3 { reader.get("leaving", 0, 10, #","waitMs":600000"#) }
                try await reader.reset()
            }
            writer.upload([1])
            try await writer.stop("leaving")
            #expect(try await writer.read("leaving", 0, 10).isEqual(to: [1]))
        }
    }

    @Test("a connection may wait for its own upload: what it sends is its answer")
    func ownUpload() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("own")
            peer.get("own", 0, 10, #","waitMs":600000"#)
            peer.upload([1, 2, 3])
            #expect(try await peer.bytes().isEqual(to: [1, 2, 3]))
            peer.get("own", 3, 10, #","waitMs":600000"#)
            peer.say(#"{"type":"STOP"}"#)
            var kinds: [ServerMessage.Kind] = []
            for _ in 0..<2 { kinds.append(try await peer.message().kind) }
            #expect(Set(kinds) == [.stopped, .error])
        }
    }

    @Test("a negative offset counts from the end")
    func negative() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(1_000)
            try await gateway.store("negative", bytes)
            let peer = try await gateway.peer()
            for (offset, length, range) in [
                (-1, 10, 999..<1_000), (-10, 5, 990..<995), (-1_000, 1_000, 0..<1_000), (-1_001, 3, 0..<3),
                (Int64.min, 3, 0..<3),
            ] {
                #expect(try await peer.read("negative", offset, Int64(length)).isEqual(to: bytes, range))
            }
            try await peer.start("nothing")
            peer.get("nothing", -1, 10)
            try await peer.expectError(.notYet)
        }
    }
}
