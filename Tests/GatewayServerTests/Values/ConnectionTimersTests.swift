import NIOCore
import Testing

@testable import GatewayServer

@Suite("When a connection is greeted, pinged and given up")
struct ConnectionTimersTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private static func limits(greetAfter: TimeAmount? = .seconds(1)) -> ConnectionTimers.Limits {
        .init(
            pingAfter: .seconds(30),
            idle: .seconds(60),
            write: .seconds(20),
            close: .seconds(5),
            greetAfter: greetAfter
        )
    }

    /// Timers, and a clock that goes from one look to the next, as a connection's does.
    private struct Rig {
        var timers: ConnectionTimers
        var drained: Int64 = 0
        var pending: Int64 = 0
        var isWaiting = false
        private var now = ConnectionTimersTests.start
        private var next = ConnectionTimersTests.start

        init(greetAfter: TimeAmount? = .seconds(1)) {
            self.timers = ConnectionTimers(
                limits: ConnectionTimersTests.limits(greetAfter: greetAfter),
                now: ConnectionTimersTests.start
            )
        }

        /// Lets so much time pass.
        ///
        /// - Returns: What was done, and when, in milliseconds since the beginning.
        mutating func run(for amount: TimeAmount) -> [String] {
            let end = self.now + amount
            var actions: [String] = []
            while self.next <= end {
                self.now = max(self.now, self.next)
                let (action, next) = self.timers.look(
                    at: self.now,
                    drained: self.drained,
                    pending: self.pending,
                    isWaiting: self.isWaiting
                )
                if let action {
                    actions.append("\(action) \((self.now - ConnectionTimersTests.start).nanoseconds / 1_000_000)")
                }
                if next <= self.now {
                    actions.append("the clock stands still")
                    break
                }
                self.next = next
            }
            self.now = end
            return actions
        }

        mutating func receive() { self.timers.received(at: self.now) }

        /// The connection looks at once when it begins to close.
        mutating func close() {
            self.timers.closing(at: self.now)
            self.next = self.now
        }
    }

    @Test("a peer that says nothing for a second is greeted, once")
    func greeting() {
        var rig = Rig()
        #expect(rig.run(for: .milliseconds(999)) == [])
        #expect(rig.run(for: .seconds(20)) == ["greet 1000"])
    }

    @Test("a peer that has spoken is not greeted")
    func noGreeting() {
        var rig = Rig()
        #expect(rig.run(for: .milliseconds(999)) == [])
        rig.receive()
        #expect(rig.run(for: .seconds(20)) == [])
        var never = Rig(greetAfter: nil)
        #expect(never.run(for: .seconds(20)) == [])
    }

    @Test("silence is met with one ping, then the end")
    func idle() {
        var rig = Rig()
        #expect(rig.run(for: .milliseconds(59_999)) == ["greet 1000", "ping 30000"])
        #expect(rig.run(for: .milliseconds(1)) == ["giveUpIdle 60000"])
    }

    @Test("a peer that says anything now and then is never pinged, one that only answers pings is never given up")
    func signsOfLife() {
        var talking = Rig(greetAfter: nil)
        for _ in 0..<20 {
            #expect(talking.run(for: .milliseconds(29_999)) == [])
            talking.receive()
        }
        var answering = Rig(greetAfter: nil)
        for round in 0..<20 {
            #expect(answering.run(for: .seconds(30)) == ["ping \(30_000 * (round + 1))"])
            answering.receive()
        }
    }

    @Test("who waits for an answer of ours is not idle, and becomes so only after it")
    func waiting() {
        var rig = Rig(greetAfter: nil)
        rig.isWaiting = true
        #expect(rig.run(for: .hours(1)) == [])
        rig.isWaiting = false
        let actions = rig.run(for: .seconds(61))
        #expect(actions.count == 2)
        #expect(actions.first?.hasPrefix("ping") == true && actions.last?.hasPrefix("giveUpIdle") == true)
    }

    @Test("a peer that takes some of what waits for it, however little, is not given up")
    func slow() {
        var rig = Rig(greetAfter: nil)
        rig.pending = 1 << 20
        for _ in 0..<100 {
            #expect(rig.run(for: .seconds(19)) == [])
            rig.drained += 1
        }
    }

    @Test("a peer that takes nothing of what waits for it is given up at the write timeout")
    func stalled() {
        var rig = Rig(greetAfter: nil)
        #expect(rig.run(for: .seconds(5)) == [])
        rig.receive()
        rig.pending = 1 << 20
        let actions = rig.run(for: .seconds(41))
        // Noticed at the next look, which is never further away than the timeout itself.
        #expect(actions.first?.hasPrefix("giveUpStalled") == true)
    }

    @Test("a peer that sends requests and reads nothing is given up all the same")
    func stalledButTalking() {
        var rig = Rig(greetAfter: nil)
        rig.pending = 1 << 20
        var actions: [String] = []
        for _ in 0..<60 where actions.isEmpty {
            rig.receive()
            actions += rig.run(for: .seconds(1))
        }
        #expect(actions.first?.hasPrefix("giveUpStalled") == true)
    }

    @Test("a peer that was told of the close has five seconds, whatever it sends")
    func closing() {
        var rig = Rig()
        _ = rig.run(for: .seconds(10))
        rig.close()
        #expect(rig.run(for: .milliseconds(4_999)) == [])
        rig.receive()
        rig.pending = 5
        #expect(rig.run(for: .milliseconds(1)) == ["giveUpClosing 15000"])
    }

    @Test("by default a peer is pinged after 30 seconds of silence and given up after 60")
    func defaults() {
        let limits = GatewayConfiguration().timerLimits
        #expect(limits.pingAfter == .seconds(30))
        #expect(limits.idle == .seconds(60))
        #expect(limits.close == .seconds(5))
        #expect(limits.greetAfter == .seconds(1))
        var configuration = GatewayConfiguration()
        configuration.greeting = .off
        #expect(configuration.timerLimits.greetAfter == nil)
        configuration.greeting = .eager
        #expect(configuration.timerLimits.greetAfter == nil)
    }

    /// Found by stopping a gateway (SIGSTOP) for longer than the idle timeout: it gave up healthy peers.
    @Test("while the process itself was held up, no peer was silent")
    func lateLook() {
        var timers = ConnectionTimers(limits: Self.limits(greetAfter: nil), now: Self.start)
        func look(_ seconds: Int64, pending: Int64 = 0) -> ConnectionTimers.Action? {
            timers.look(at: Self.start + .seconds(seconds), drained: 0, pending: pending, isWaiting: false).action
        }
        #expect(look(0) == nil)
        // Due after 20 s, and a thousand seconds late: since the last bytes from the peer 20 s have counted.
        #expect(look(1_020) == nil)
        #expect(look(1_029) == nil)
        #expect(look(1_030) == .ping)
        #expect(look(1_050) == nil)
        #expect(look(1_060) == .giveUpIdle)
    }
}
