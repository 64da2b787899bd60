import CacheProtocol
import TestSupport
import Testing

@testable import GatewayServer

@Suite("What a Range comes to")
struct RangePlanTests {
    private func plan(
        _ value: String,
        of size: Int64,
        _ state: StreamState = .sealed,
        isHead: Bool = false
    ) -> RangePlan {
        RangePlan(ByteRangeSet(value), of: StreamStatus(size: size, state: state), isHead: isHead)
    }

    @Test(
        "one range is cut to what is there",
        arguments: [
            ("bytes=0-9", .part(0...9)), ("bytes=0-", .part(0...99)), ("bytes=95-200", .part(95...99)),
            ("bytes=99-99", .part(99...99)), ("bytes=-10", .part(90...99)), ("bytes=-1000", .part(0...99)),
            ("bytes=100-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=500-600", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=0-99999999999999999999", .part(0...99)),
            ("nonsense", .whole),
        ] as [(String, RangePlan)]
    )
    func single(value: String, plan: RangePlan) {
        #expect(self.plan(value, of: 100) == plan)
        // Of a suspended stream nothing is known to come.
        #expect(self.plan(value, of: 100, .suspended) == plan)
    }

    @Test("of an empty stream nothing is there", arguments: ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=0-0,-1"])
    func empty(value: String) { #expect(self.plan(value, of: 0) == .unsatisfiable) }

    @Test(
        "several are sent as they were asked for; too many, or such as overlap, are the whole",
        arguments: [
            ("bytes=0-1,4-5", .parts([0...1, 4...5])), ("bytes=4-5,0-1", .parts([4...5, 0...1])),
            ("bytes=0-1,-1", .parts([0...1, 99...99])), ("bytes=0-1,200-", .part(0...1)),
            ("bytes=200-,300-", .unsatisfiable), ("bytes=0-5,5-6", .whole), ("bytes=50-,-60", .whole),
            (
                "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32",
                .whole
            ),
        ] as [(String, RangePlan)]
    )
    func multiple(value: String, plan: RangePlan) { #expect(self.plan(value, of: 100) == plan) }

    @Test("a live stream is followed from its beginning, or where the end that is asked for is beyond all streams")
    func live() {
        #expect(self.plan("bytes=0-", of: 100, .live) == .whole)
        #expect(self.plan("bytes=0-", of: 100, .live, isHead: true) == .part(0...99))
        #expect(self.plan("bytes=5-", of: 100, .live) == .part(5...99))
        #expect(self.plan("bytes=5-200", of: 100, .live) == .part(5...99))
        #expect(self.plan("bytes=-5", of: 100, .live) == .part(95...99))
        #expect(self.plan("bytes=7-999999999999", of: 100, .live) == .follow(from: 7, through: 999_999_999_999))
        #expect(self.plan("bytes=7-9007199254740991", of: 0, .live) == .unsatisfiable)
        #expect(self.plan("bytes=100-9007199254740991", of: 100, .live) == .follow(from: 100, through: (1 << 53) - 1))
        #expect(self.plan("bytes=101-9007199254740991", of: 100, .live) == .unsatisfiable)
        #expect(self.plan("bytes=0-99999999999999999999", of: 0, .live) == .follow(from: 0, through: .max))
    }

    @Test("whatever is asked for, no part leaves the stream, none overlaps another, and nothing traps")
    func anything() throws {
        try checkProperty(runs: 500) { random in
            let size = Int64.random(in: 0...200, using: &random)
            let state = [StreamState.live, .sealed, .suspended].randomElement(using: &random) ?? .live
            let numbers: [String] = ["", "0", "1", "99", "150", "9223372036854775807", "999999999999"]
            let specs = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                let words = (0..<2).map { _ in
                    Bool.random(using: &random)
                        ? "\(UInt8.random(in: 0...250, using: &random))" : numbers.randomElement(using: &random) ?? ""
                }
                return words.joined(separator: "-")
            }
            let value = "bytes=" + specs.joined(separator: ",")
            let plan = self.plan(value, of: size, state, isHead: Bool.random(using: &random))
            let parts: [ClosedRange<Int64>]
            switch plan {
            case .part(let part): parts = [part]
            case .parts(let several):
                try #require(several.count > 1 && several.count <= RangePlan.maximumParts)
                parts = several
            case .follow(let first, _):
                try #require(state == .live && first <= size)
                parts = []
            case .whole, .unsatisfiable: parts = []
            }
            for part in parts { try #require(part.lowerBound >= 0 && part.upperBound < size, "\(value) of \(size)") }
            let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
            for (one, other) in zip(sorted, sorted.dropFirst()) { try #require(one.upperBound < other.lowerBound) }
        }
    }
}
