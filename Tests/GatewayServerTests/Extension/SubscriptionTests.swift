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
}
