import NIOCore
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Who goes where too much waits to be sent")
struct OutboundReliefTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// A second after the first look that finds too much.
    private func victims(_ own: [Int64], limit: Int64, elsewhere: [Int64] = []) -> [Int] {
        var relief = OutboundRelief()
        let waiting = (own + elsewhere).reduce(0, +)
        let most = elsewhere.max() ?? 0
        let early = relief.look(at: self.start, waiting: waiting, limit: limit, own: own, elsewhere: most)
        #expect(early == [])
        return relief.look(at: self.start + .seconds(1), waiting: waiting, limit: limit, own: own, elsewhere: most)
    }

    @Test("those with most go, that with most first, and no more of them than it takes")
    func biggestFirst() {
        #expect(self.victims([10, 40, 0, 30, 20], limit: 100) == [])
        #expect(self.victims([10, 40, 0, 30, 20], limit: 99) == [1])
        #expect(self.victims([10, 40, 0, 30, 20], limit: 60) == [1])
        #expect(self.victims([10, 40, 0, 30, 20], limit: 59) == [1, 3])
        #expect(self.victims([10, 40, 0, 30, 20], limit: 0) == [1, 3, 4, 0])
    }

    @Test("where somebody on another event loop has more waiting, it is that loop's turn")
    func elsewhere() {
        #expect(self.victims([10, 40], limit: 50, elsewhere: [41]) == [])
        #expect(self.victims([10, 40], limit: 50, elsewhere: [40]) == [1])
        #expect(self.victims([40, 30, 10], limit: 1, elsewhere: [20]) == [0, 1])
        #expect(self.victims([], limit: 50, elsewhere: [60]) == [])
    }

    @Test("too much for less than a second harms nobody, and room in between begins the second anew")
    func patience() {
        var relief = OutboundRelief()
        func look(_ milliseconds: Int64, waiting: Int64) -> [Int] {
            relief.look(
                at: self.start + .milliseconds(milliseconds),
                waiting: waiting,
                limit: 10,
                own: [waiting],
                elsewhere: 0
            )
        }
        #expect(look(0, waiting: 11) == [] && look(999, waiting: 11) == [])
        #expect(look(1_000, waiting: 10) == [])
        #expect(look(1_500, waiting: 11) == [] && look(2_499, waiting: 11) == [])
        #expect(look(2_500, waiting: 11) == [0])
        // It is still too much: whoever goes next has been waited for long enough.
        #expect(look(2_750, waiting: 11) == [0])
    }

    @Test("whatever waits, nobody goes before somebody with more, and the rest is no more than may wait")
    func anyAmounts() throws {
        try checkProperty { random in
            let own = (0..<Int.random(in: 0...40, using: &random)).map { _ in Int64.random(in: 0...100, using: &random)
            }
            let limit = Int64.random(in: 0...1_000, using: &random)
            let victims = self.victims(own, limit: limit)
            try #require(Set(victims).count == victims.count)
            let gone = victims.map { own[$0] }
            try #require(gone == gone.sorted(by: >) && !gone.contains(0))
            let rest = own.indices.filter { !victims.contains($0) }.map { own[$0] }
            try #require((rest.max() ?? 0) <= (gone.min() ?? .max))
            let left = rest.reduce(0, +)
            try #require(left <= limit)
            try #require(gone.isEmpty || left + (gone.last ?? 0) > limit)
        }
    }
}

@Suite("The budget of what waits to be sent")
struct OutboundBudgetTests {
    @Test("an event loop learns what waits at the most on the others, and not its own")
    func largest() {
        final class Loop {}
        let (first, second) = (Loop(), Loop())
        let budget = OutboundBudget(limit: 10)
        #expect(budget.largest(5, on: ObjectIdentifier(first)) == 0)
        #expect(budget.largest(7, on: ObjectIdentifier(second)) == 5)
        #expect(budget.largest(1, on: ObjectIdentifier(first)) == 7)
        #expect(budget.largest(0, on: ObjectIdentifier(second)) == 1)
    }

    @Test("what waits is the sum of what connections say, and the limit can be changed while they do")
    func amounts() {
        let budget = OutboundBudget(limit: 10)
        budget.changed(by: 7)
        budget.changed(by: 5)
        budget.changed(by: -2)
        #expect(budget.waiting == 10 && budget.limit == 10)
        budget.change(limit: 11)
        #expect(budget.limit == 11)
    }
}
