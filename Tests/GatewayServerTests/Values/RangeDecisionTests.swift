import CacheProtocol
import Testing
import Wire

@testable import GatewayServer

@Suite("What a GET comes to")
struct RangeDecisionTests {
    private func decide(
        _ offset: Int64,
        _ length: Int64,
        wait: Int64? = nil,
        of size: Int64,
        _ state: StreamState = .sealed,
        usesExtension: Bool = false,
        mayWait: Bool = true
    ) -> RangeDecision {
        RangeDecision(
            ClientMessage.Get(streamID: "s", offset: offset, length: length, waitMilliseconds: wait),
            of: StreamStatus(size: size, state: state),
            usesExtension: usesExtension,
            mayWait: mayWait
        )
    }

    struct Case: CustomTestStringConvertible {
        var offset: Int64
        var length: Int64
        var size: Int64
        var sent: Range<Int64>?
        var testDescription: String { "\(self.length) at \(self.offset) of \(self.size)" }
    }

    @Test(
        "as much is sent as was asked for and is there, from either end, and no number overflows",
        arguments: [
            Case(offset: 0, length: 10, size: 100, sent: 0..<10),
            Case(offset: 95, length: 10, size: 100, sent: 95..<100),
            Case(offset: 99, length: 1, size: 100, sent: 99..<100),
            Case(offset: 100, length: 1, size: 100, sent: nil),
            Case(offset: 101, length: 1, size: 100, sent: nil),
            Case(offset: 0, length: 1, size: 0, sent: nil),
            Case(offset: 0, length: .max, size: 100, sent: 0..<100),
            Case(offset: 1, length: .max, size: 100, sent: 1..<100),
            Case(offset: .max, length: .max, size: 100, sent: nil),
            Case(offset: .max - 1, length: .max, size: .max, sent: (.max - 1)..<(.max)),
            Case(offset: -1, length: 10, size: 100, sent: 99..<100),
            Case(offset: -10, length: 5, size: 100, sent: 90..<95),
            Case(offset: -100, length: 100, size: 100, sent: 0..<100),
            Case(offset: -101, length: 3, size: 100, sent: 0..<3),
            Case(offset: .min, length: 3, size: 100, sent: 0..<3),
            Case(offset: .min, length: .max, size: .max, sent: 0..<(.max)),
            Case(offset: -1, length: 1, size: 0, sent: nil),
            Case(offset: .min, length: 1, size: 0, sent: nil),
        ]
    )
    func ranges(_ example: Case) {
        for state in [StreamState.live, .suspended, .sealed, .removed] {
            let decision = self.decide(example.offset, example.length, of: example.size, state)
            if let sent = example.sent {
                #expect(decision == .send(offset: sent.lowerBound, count: Int64(sent.count)))
            } else {
                #expect(decision == .empty)
            }
        }
    }

    @Test("at the end, who uses the extension is told which end it is")
    func ends() {
        let codes: [(StreamState, ErrorCode)] = [
            (.live, .notYet), (.suspended, .notYet), (.sealed, .end), (.removed, .aborted),
        ]
        for (state, code) in codes {
            guard case .tell(let told, let message) = self.decide(5, 1, of: 5, state, usesExtension: true) else {
                Issue.record("\(state): not told")
                continue
            }
            #expect(told == code)
            #expect(!message.contains("No data available"))
        }
    }

    @Test("only the end of a live stream is worth waiting for, and only once")
    func waiting() {
        #expect(self.decide(5, 1, wait: 30, of: 5, .live) == .wait(past: 5, milliseconds: 30))
        #expect(self.decide(9, 1, wait: 30, of: 5, .live) == .wait(past: 9, milliseconds: 30))
        #expect(self.decide(-3, 1, wait: 30, of: 0, .live) == .wait(past: 0, milliseconds: 30))
        #expect(self.decide(4, 9, wait: 30, of: 5, .live) == .send(offset: 4, count: 1))
        #expect(self.decide(5, 1, wait: 30, of: 5, .live, mayWait: false) == .empty)
        #expect(self.decide(5, 1, wait: 0, of: 5, .live) == .empty)
        for state in [StreamState.suspended, .sealed, .removed] {
            #expect(self.decide(5, 1, wait: 30, of: 5, state) == .empty)
        }
    }
}
