import NIOCore
import Testing

@testable import GatewayServer

@Suite("How long an HTTP peer may say nothing")
struct IdleTimeTests {
    private static let start = NIODeadline.now()
    private static func at(_ seconds: Int64) -> NIODeadline { self.start + .seconds(seconds) }

    @Test("between requests, its time begins with the end of the last answer")
    func betweenRequests() {
        var time = IdleTime(limit: .seconds(30), now: Self.at(0))
        #expect(time.look(at: Self.at(29)) == .fine(until: Self.at(30)))
        time.received(isEnd: false, at: Self.at(29))
        time.received(isEnd: true, at: Self.at(29))
        time.reads(at: Self.at(29))
        #expect(time.look(at: Self.at(500)) == .fine(until: Self.at(530)))
        time.answered(at: Self.at(500))
        #expect(time.look(at: Self.at(510)) == .fine(until: Self.at(530)))
        #expect(time.look(at: Self.at(530)) == .idle)
    }

    @Test("within a request it counts from what came last, while more would be read, and not while it would not")
    func withinRequests() {
        var time = IdleTime(limit: .seconds(30), now: Self.at(0))
        time.received(isEnd: false, at: Self.at(10))
        // The backend is behind: nothing is read.
        #expect(time.look(at: Self.at(100)) == .fine(until: Self.at(130)))
        time.reads(at: Self.at(100))
        #expect(time.look(at: Self.at(129)) == .fine(until: Self.at(130)))
        time.received(isEnd: false, at: Self.at(129))
        time.reads(at: Self.at(129))
        time.reads(at: Self.at(150))
        #expect(time.look(at: Self.at(159)) == .idle)
    }

    @Test("who waits for 100 is waited on, until it has come")
    func expectsContinue() {
        var time = IdleTime(limit: .seconds(30), now: Self.at(0))
        time.received(isEnd: false, expectsContinue: true, at: Self.at(0))
        time.reads(at: Self.at(0))
        #expect(time.look(at: Self.at(100)) == .fine(until: Self.at(130)))
        time.answers(at: Self.at(100))
        #expect(time.look(at: Self.at(129)) == .fine(until: Self.at(130)))
        #expect(time.look(at: Self.at(130)) == .idle)
        // One that did not wait for it is one like the others.
        time.received(isEnd: false, expectsContinue: true, at: Self.at(200))
        time.received(isEnd: false, at: Self.at(201))
        time.reads(at: Self.at(201))
        #expect(time.look(at: Self.at(231)) == .idle)
    }

    @Test("a peer is not idle that still takes the answer")
    func sending() {
        var time = IdleTime(limit: .seconds(30), now: Self.at(0))
        time.received(isEnd: true, at: Self.at(0))
        time.reads(at: Self.at(0))
        time.answered(at: Self.at(1))
        #expect(time.look(at: Self.at(31), isSending: true) == .fine(until: Self.at(61)))
        #expect(time.look(at: Self.at(61)) == .idle)
    }

    @Test("who was answered before the end of its request still has to end it")
    func answeredEarly() {
        var time = IdleTime(limit: .seconds(30), now: Self.at(0))
        time.received(isEnd: false, at: Self.at(0))
        time.reads(at: Self.at(0))
        time.answered(at: Self.at(10))
        #expect(time.look(at: Self.at(40)) == .idle)
        time.received(isEnd: true, at: Self.at(20))
        time.reads(at: Self.at(20))
        #expect(time.look(at: Self.at(21)) == .fine(until: Self.at(50)))
        time.received(isEnd: true, at: Self.at(30))
        time.reads(at: Self.at(30))
        #expect(time.look(at: Self.at(100)) == .fine(until: Self.at(130)))
    }
}
