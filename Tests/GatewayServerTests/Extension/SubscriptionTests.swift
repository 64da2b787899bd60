import NIOCore
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
