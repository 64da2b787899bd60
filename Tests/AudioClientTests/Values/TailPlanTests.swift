import Testing

@testable import AudioClient

@Suite("The rules of following a stream")
struct TailPlanTests {
    @Test("what a person writes is a place: a byte, so many last bytes, or now")
    func starts() {
        #expect(TailStart("0") == .offset(0))
        #expect(TailStart("17") == .offset(17))
        #expect(TailStart("-5") == .last(5))
        #expect(TailStart("LIVE") == .live)
        for text in ["", "now", "1.5", "-9223372036854775808", "99999999999999999999"] {
            #expect(TailStart(text) == nil)
        }
        #expect(TailStart.offset(17).subscribeOffset == 17)
        #expect(TailStart.last(5).subscribeOffset == -5)
        #expect(TailStart.live.subscribeOffset == 9_007_199_254_740_991)
    }

    @Test("a new connection goes on behind the last byte that came")
    func goesOn() throws {
        var plan = TailPlan("s", from: .last(100))
        #expect(plan.connected() == -100)
        try plan.subscribed(at: 900, size: 1_000)
        #expect(try plan.received(100) == 0)
        #expect(plan.begin == 900 && plan.position == 1_000)
        #expect(plan.connected() == 1_000)
        try plan.subscribed(at: 1_000, size: 1_000)
        #expect(try plan.received(7) == 0)
        #expect(plan.begin == 900 && plan.position == 1_007)
        try plan.ended(size: 1_007)
    }

    @Test("a connection that breaks before SUBSCRIBED leaves the beginning where it was asked for")
    func breaksEarly() {
        var plan = TailPlan("s", from: .last(100))
        #expect(plan.connected() == -100)
        #expect(plan.connected() == -100)
    }

    @Test("what a server that lost bytes sends again is passed over, however it is cut")
    func repeats() throws {
        var plan = TailPlan("s", written: 50)
        #expect(plan.connected() == 50)
        try plan.subscribed(at: 20, size: 20)
        #expect(try plan.received(10) == 10)
        #expect(try plan.received(15) == 15)
        #expect(try plan.received(15) == 5)
        #expect(plan.position == 60 && plan.begin == 0)
        try plan.ended(size: 60)
    }

    @Test("a gap, an end that does not fit, and bytes or an end out of turn are refused")
    func refusals() throws {
        var gap = TailPlan("s", written: 50)
        _ = gap.connected()
        #expect(throws: ClientError.self) { try gap.subscribed(at: 51, size: 90) }
        var early = TailPlan("s", from: .offset(0))
        _ = early.connected()
        #expect(throws: ClientError.self) { try early.received(1) }
        #expect(throws: ClientError.self) { try early.ended(size: 0) }
        #expect(throws: ClientError.self) { try early.subscribed(at: nil, size: 0) }
        try early.subscribed(at: 0, size: 10)
        #expect(throws: ClientError.self) { try early.subscribed(at: 0, size: 10) }
        _ = try early.received(9)
        #expect(throws: ClientError.self) { try early.ended(size: 10) }
        #expect(throws: Never.self) { try early.ended(size: nil) }
        var longer = TailPlan("s", written: 50)
        _ = longer.connected()
        try longer.subscribed(at: 20, size: 20)
        #expect(throws: ClientError.self, "the server has less than was written") { try longer.ended(size: 20) }
    }

    @Test("a beginning beyond what was asked for, or beyond any stream, is refused")
    func senseless() throws {
        for (offset, size) in [(5, 10), (.max, nil), (0, -1)] as [(Int64, Int64?)] {
            var plan = TailPlan("a", from: .offset(0))
            _ = plan.connected()
            #expect(throws: ClientError.self) { try plan.subscribed(at: offset, size: size) }
        }
        var plan = TailPlan("a", from: .last(10))
        _ = plan.connected()
        #expect(throws: ClientError.self) { try plan.subscribed(at: .max, size: nil) }
    }
}
