import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Peers that read nothing", .timeLimit(.minutes(5)))
struct SlowReaderTests {
    /// 100,000 questions for 64 KiB each.
    private static func questions() -> ByteBuffer {
        var one = ByteBuffer()
        one.write(.text, #"{"type":"GET","streamId":"wanted","offset":0,"length":65536}"#.utf8, key: .zero)
        var all = ByteBuffer()
        all.reserveCapacity(100_000 * one.readableBytes)
        for _ in 0..<100_000 { all.writeImmutableBuffer(one) }
        return all
    }

    @Test("who asks for 6 GB and reads nothing costs a few MB, and others are served meanwhile")
    func bounded() async throws {
        let meter = ReadMeter()
        try await TestGateway.run {
            $0.wrap = { ReaderWrappingBackend.metered($0, meter) }
        } _: { gateway in
            try await gateway.store("wanted", sample(65_536))
            let greedy = try await gateway.peer(receiveBuffer: 16 << 10)
            greedy.send(Self.questions())
            // By then the server has begun to fill what there is of buffers.
            await meter.reached(1 << 20)
            // Four, so that one of them shares the thread with the greedy one.
            for number in 0..<4 {
                let other = try await gateway.peer()
                try await other.start("other-\(number)")
                other.upload(sample(200_000))
                try await other.stop("other-\(number)")
                for _ in 0..<25 { try await other.settle() }
                #expect(try await other.info("other-\(number)").size == 200_000)
            }
            // What was fetched and not read by anybody is in the server's queue, or in the kernel's.
            #expect(meter.fetched < 16 << 20)
            // What it gets, when it begins to read, is in order all the same.
            let wanted = sample(65_536)
            for _ in 0..<200 { #expect(try await greedy.bytes().isEqual(to: wanted)) }
        }
    }

    @Test("who reads nothing for the time of the write timeout is let go")
    func timeout() async throws {
        let meter = ReadMeter()
        try await TestGateway.run {
            $0.gateway.writeTimeoutSeconds = 1
            $0.wrap = { ReaderWrappingBackend.metered($0, meter) }
        } _: { gateway in
            try await gateway.store("wanted", sample(65_536))
            let greedy = try await gateway.peer(receiveBuffer: 16 << 10)
            greedy.send(Self.questions())
            let other = try await gateway.peer()
            while greedy.channel.isActive { try await other.settle() }
            #expect(meter.fetched < 16 << 20)
            try await other.start("other")
        }
    }

    @Test("of many that read nothing those go for whom most waits, until it is no more than may wait, and nobody else")
    func biggestGoFirst() async throws {
        try await TestGateway.run {
            $0.gateway.maximumUnsentBytes = 1 << 20
        } _: { gateway in
            try await gateway.store("wanted", sample(65_536))
            // They wait for less than the others, whatever the system's buffers take.
            var modest: [RawPeer] = []
            for _ in 0..<4 {
                let peer = try await gateway.peer(receiveBuffer: 16 << 10)
                peer.get("wanted", 0, 65_536)
                modest.append(peer)
            }
            var greedy: [RawPeer] = []
            for _ in 0..<32 {
                let peer = try await gateway.peer(receiveBuffer: 16 << 10)
                for _ in 0..<200 { peer.get("wanted", 0, 65_536) }
                greedy.append(peer)
            }
            var bystander = try await Bystander(of: gateway)
            let other = try await gateway.peer()
            // A turn is counted when it is over, of which each thread has one; and each connection has its share, and
            // the window that brought it there. Without the budget it would be a megabyte for each connection.
            let most = Int64(1 << 20) + Int64(System.coreCount) * (3 << 19) + 37 * (64 << 10 + 256 << 10)
            // Their shares are too much together, and nobody makes room by reading.
            while greedy.allSatisfy({ $0.channel.isActive }) || gateway.server.unsentBytes > 1 << 20 {
                try await other.settle()
                #expect(gateway.server.unsentBytes < most)
            }
            try await bystander.goOn()
            let wanted = sample(65_536)
            for peer in modest { #expect(try await peer.bytes().isEqual(to: wanted)) }
            for peer in greedy { await peer.drop() }
            while gateway.server.unsentBytes > 0 { try await other.settle() }
            try await bystander.finish()
        }
    }

    @Test("an answer of many megabytes is fetched as it is taken, not before")
    func largeAnswer() async throws {
        let meter = ReadMeter()
        try await TestGateway.run {
            $0.wrap = { ReaderWrappingBackend.metered($0, meter) }
        } _: { gateway in
            let writer = try await gateway.peer()
            try await writer.start("long")
            let part = sample(1 << 20)
            for _ in 0..<32 { writer.upload(part, frameLength: 1 << 20) }
            try await writer.stop("long")
            let slow = try await gateway.peer(receiveBuffer: 16 << 10)
            slow.get("long", 0, 32 << 20)
            await meter.reached(1 << 20)
            for _ in 0..<50 { try await writer.settle() }
            #expect(meter.fetched < 16 << 20)
            // It is pinged and spoken to only between the frames.
            slow.sendFrame(.ping, [1])
            slow.say(#"{"type":"STOP"}"#)
            #expect(try await slow.bytes().readableBytes == 32 << 20)
            var kinds: [Opcode] = []
            for _ in 0..<2 { kinds.append(try await slow.frame().opcode) }
            #expect(Set(kinds) == [.pong, .text])
            #expect(meter.fetched == 32 << 20)
        }
    }

    /// What a peer has asked for when it says Close: one answer that it is in the midst of, or many whole ones.
    enum Asked: CaseIterable {
        case oneOfMegabytes, manyShort
    }

    @Test(
        "who is told that the connection closes, and takes nothing of it, is reset after the close timeout",
        arguments: Asked.allCases
    )
    func resetAfterClose(_ asked: Asked) async throws {
        try await TestGateway.run {
            $0.gateway.closeTimeoutSeconds = 1
        } _: { gateway in
            try await gateway.store("long", sample(32 << 20))
            let deaf = try await gateway.peer(receiveBuffer: 16 << 10)
            let port = try #require(deaf.channel.localAddress?.port)
            switch asked {
            case .oneOfMegabytes: deaf.get("long", 0, 32 << 20)
            case .manyShort: for number in 0..<60 { deaf.get("long", Int64(number) << 16, 65_536) }
            }
            deaf.sayClose()
            // It reads nothing, so that it would not even learn of an end that is behind what it was sent.
            try await deaf.channel.closeFuture.get()
            try await eventually("nothing waits for it") { gateway.server.unsentBytes == 0 }
            try await eventually("the system has forgotten the connection") {
                try !SystemConnections.contains(from: gateway.port, to: port)
            }
        }
    }
}
