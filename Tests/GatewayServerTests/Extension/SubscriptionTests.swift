import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Subscriptions, over a socket", .timeLimit(.minutes(5)))
struct SubscriptionTests {
    @Test("a backend that ends every wait for nothing is not asked all the time, and keeps nobody from the event loop")
    func hasty() async throws {
        let count = WaitCount()
        try await TestGateway.run(configure: { $0.wrap = { ReaderWrappingBackend.hasty($0, count) } }) { gateway in
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("hasty")
            writer.upload([1, 2, 3])
            try await writer.settle()
            let begin = ContinuousClock.now
            reader.say(#"{"type":"SUBSCRIBE","streamId":"hasty","offset":0}"#)
            #expect(try await reader.expect(.subscribed).offset == 0)
            #expect(try await reader.bytes().isEqual(to: [1, 2, 3]))
            while count.value < 20 { try await reader.settle() }
            let most = (ContinuousClock.now - begin) / .milliseconds(10) + 2
            #expect(Double(count.value) <= most, "asked \(count.value) times where there was time for \(most)")
            try await writer.stop("hasty")
            #expect(try await reader.expect(.end).size == 3)
        }
    }

    @Test("followers that come at different moments and places get every byte, whatever the packets' sizes")
    func followers() async throws {
        try await checkProperty(runs: 5) { random in
            let edges = [1, 3, 640, 4_096, 4_097, 8_192, 8_193, 65_536, 70_000]
            var packets: [(size: Int, settles: Bool, follows: Int?)] = []
            for _ in 0..<40 {
                let size = edges.randomElement(using: &random) ?? 1
                // Where a follower begins, counted back from the end there is then.
                let back = Int.random(in: 0...9_000, using: &random)
                let follows = Int.random(in: 0..<4, using: &random) == 0
                packets.append((size, Bool.random(using: &random), follows ? back : nil))
            }
            let bytes = sample(packets.reduce(0) { $0 + $1.size }, seed: random.seed)
            let plan = packets
            try await TestGateway.run { gateway in
                let writer = try await gateway.peer()
                try await writer.start("s")
                var followers: [(peer: RawPeer, from: Int)] = []
                var sent = 0
                for packet in plan {
                    if let back = packet.follows {
                        try await writer.settle()
                        let (peer, from) = (try await gateway.peer(), max(0, sent - back))
                        peer.say(#"{"type":"SUBSCRIBE","streamId":"s","offset":\#(from)}"#)
                        #expect(try await peer.expect(.subscribed).offset == Int64(from))
                        followers.append((peer, from))
                    }
                    writer.upload(Array(bytes[sent..<sent + packet.size]), frameLength: packet.size)
                    sent += packet.size
                    if packet.settles { try await writer.settle() }
                }
                try await writer.stop("s")
                for (peer, from) in followers {
                    var found: [UInt8] = []
                    while from + found.count < bytes.count { found += try await peer.bytes().readableBytesView }
                    let isSame = found == Array(bytes[from...])
                    #expect(isSame, "from byte \(from) on")
                    #expect(try await peer.expect(.end).size == Int64(bytes.count))
                }
            }
        }
    }

    @Test(
        "what an ended subscription still waits for is not taken for the next one's, though it follows the same stream"
    )
    func again() async throws {
        let bytes: [UInt8] = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 ^ $0 >> 16) }
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("s")
            peer.upload(bytes, frameLength: 1 << 20)
            try await peer.stop("s")
            // In one piece: the end of the first is asked for when the second begins.
            let reader = try await gateway.peer(receiveBuffer: 16 << 10)
            reader.sayTogether(
                #"{"type":"SUBSCRIBE","streamId":"s","offset":1099511627776}"#,
                #"{"type":"UNSUBSCRIBE","streamId":"s"}"#,
                #"{"type":"SUBSCRIBE","streamId":"s","offset":0}"#
            )
            #expect(try await reader.expect(.subscribed).offset == 8 << 20)
            _ = try await reader.expect(.unsubscribed)
            #expect(try await reader.expect(.subscribed).offset == 0)
            var found: [UInt8] = []
            while found.count < bytes.count { found += try await reader.bytes().readableBytesView }
            #expect(found == bytes)
            #expect(try await reader.expect(.end).size == 8 << 20)
        }
    }
}
