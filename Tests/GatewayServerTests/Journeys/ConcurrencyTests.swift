import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Many at once", .timeLimit(.minutes(5)))
struct ConcurrencyTests {
    @Test("an upload is read while it is written, by several, each at its own pace, to the end")
    func tail() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(400_000)
            let writer = try await gateway.peer()
            try await writer.start("tail")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for length in [1_000, 65_536, 1 << 20] {
                    group.addTask {
                        let reader = try await gateway.peer()
                        var received = ByteBuffer()
                        while true {
                            reader.get("tail", Int64(received.readableBytes), Int64(length), #","waitMs":30000"#)
                            let frame = try await reader.frame()
                            if frame.opcode == .binary {
                                try #require(frame.payload.readableBytes > 0)
                                received.writeImmutableBuffer(frame.payload)
                                continue
                            }
                            let end = try #require(try ServerMessage.decode(json: frame.payload))
                            try #require(end.code == .end && end.size == 400_000 && end.sha256 == sha256(bytes))
                            break
                        }
                        try #require(received.isEqual(to: bytes))
                    }
                }
                group.addTask {
                    var random = SeededGenerator(seed: 5)
                    var sent = 0
                    while sent < bytes.count {
                        let end = min(bytes.count, sent + Int.random(in: 1...20_000, using: &random))
                        writer.upload(Array(bytes[sent..<end]), frameLength: 7_001)
                        sent = end
                        if sent % 3 == 0 { try await writer.settle() }
                    }
                    try await writer.stop("tail")
                }
                try await group.waitForAll()
            }
        }
    }

    /// One connection of the property below, and what its streams should be.
    private struct Side {
        let peer: RawPeer
        let name: String
        var streams: [[UInt8]] = []
        var isOpen = false
        var isInsideMessage = false

        var current: String { "\(self.name)-\(self.streams.count - 1)" }

        mutating func step(_ random: inout SeededGenerator) async throws {
            guard self.isOpen else {
                self.streams.append([])
                self.isOpen = true
                return _ = try await self.peer.start(self.current)
            }
            switch Int.random(in: 0..<10, using: &random) {
            case 0 where !self.isInsideMessage:
                try await self.peer.stop(self.current)
                self.isOpen = false
            case 1 where !self.isInsideMessage, 2 where !self.isInsideMessage:
                let bytes = self.streams[self.streams.count - 1]
                let offset = Int.random(in: 0...bytes.count, using: &random)
                let answer = try await self.peer.read(self.current, Int64(offset), 1 << 20)
                try #require(answer.isEqual(to: bytes, offset..<bytes.count), "\(self.current) at \(offset)")
            case 3:
                self.peer.sendFrame(.ping, [])
                try #require(try await self.peer.frame().opcode == .pong)
            default:
                let bytes = random.bytes(Int.random(in: 0...9_000, using: &random))
                let isFinal = Bool.random(using: &random)
                let key = MaskingKey(littleEndian: .random(in: 0 ... .max, using: &random))
                self.peer.sendFrame(self.isInsideMessage ? .continuation : .binary, bytes, isFinal: isFinal, key: key)
                self.isInsideMessage = !isFinal
                self.streams[self.streams.count - 1] += bytes
            }
        }

        mutating func finish() async throws {
            guard self.isOpen else { return }
            if self.isInsideMessage { self.peer.sendFrame(.continuation, []) }
            try await self.peer.stop(self.current)
        }
    }

    @Test("however two connections' messages alternate, their streams never mix")
    func interleaving() async throws {
        try await TestGateway.run { gateway in
            try await checkProperty(runs: 12) { random in
                var sides = [
                    Side(peer: try await gateway.peer(), name: "a-\(random.seed)"),
                    Side(peer: try await gateway.peer(), name: "b-\(random.seed)"),
                ]
                for _ in 0..<Int.random(in: 20...80, using: &random) {
                    try await sides[Int.random(in: 0...1, using: &random)].step(&random)
                }
                for index in sides.indices { try await sides[index].finish() }
                // Each reads what the other wrote.
                for (reader, writer) in [(sides[0], sides[1]), (sides[1], sides[0])] {
                    for (number, bytes) in writer.streams.enumerated() {
                        let answer = try await reader.peer.read("\(writer.name)-\(number)", 0, 1 << 30)
                        try #require(answer.isEqual(to: bytes), "\(writer.name)-\(number)")
                    }
                }
                for side in sides { await side.peer.drop() }
            }
        }
    }

    @Test("clients that come and go in the middle of everything leave nothing but suspended streams")
    func comingAndGoing() async throws {
        try await TestGateway.run { gateway in
            var bystander = try await Bystander(of: gateway)
            for round in 0..<60 {
                let peer = try await gateway.peer()
                switch round % 6 {
                case 0: peer.say(#"{"type":"START","streamId":"gone-\#(round)"}"#)
                case 1:
                    try await peer.start("gone-\(round)")
                    peer.send([0x82, 0xFE, 0x20])
                case 2:
                    try await peer.start("gone-\(round)")
                    peer.upload(sample(100_000))
                case 3:
                    try await peer.start("gone-\(round)")
                    peer.upload(sample(10))
                    peer.say(#"{"type":"STOP"}"#)
                case 4: for _ in 0..<10 { peer.get("bystander", 0, 1 << 20) }
                default: peer.get("bystander", 1 << 40, 10, #","waitMs":600000"#)
                }
                if round % 2 == 0 { try await peer.reset() } else { await peer.drop() }
                if round % 10 == 0 { try await bystander.goOn() }
            }
            try await bystander.finish()
            // All are let go of: each can be resumed or is sealed, and none is in anybody's hands.
            let last = try await gateway.peer()
            while true {
                let live = try await last.ask(#"{"type":"LIST","state":"live"}"#, .list)
                if live.streams == [] { break }
            }
            let all = try #require(try await last.ask(#"{"type":"LIST","limit":1000}"#, .list).streams)
            #expect(all.allSatisfy { ["suspended", "sealed"].contains($0.state) })
        }
    }
}
