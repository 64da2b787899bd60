import CacheProtocol
import Synchronization
import Testing

@testable import FileStorage

@Suite("The time by which streams expire")
struct ExpiryTimeTests {
    private static let hour: Int64 = 3_600_000
    private static let start: Int64 = 1_800_000_000_000

    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

    private var time = ExpiryTime(wall: Self.at(Self.start), monotonic: 0)

    private mutating func look(wall: Int64, monotonic: Int64) -> (now: Int64, hasJumped: Bool) {
        let hasJumped = self.time.advance(wall: Self.at(Self.start + wall), monotonic: monotonic)
        return (self.time.now.millisecondsSinceEpoch - Self.start, hasJumped)
    }

    @Test("clocks that move together are believed, also after a long pause")
    mutating func together() {
        #expect(self.look(wall: 5_000, monotonic: 5_000) == (5_000, false))
        #expect(self.look(wall: 48 * Self.hour, monotonic: 48 * Self.hour) == (48 * Self.hour, false))
    }

    @Test("a clock that is set back makes it earlier, and expires nothing")
    mutating func back() {
        #expect(self.look(wall: -Self.hour, monotonic: 1_000) == (-Self.hour, false))
        #expect(self.look(wall: -Self.hour + 1_000, monotonic: 2_000) == (-Self.hour + 1_000, false))
    }

    @Test("a clock that jumps ahead is not believed for an hour, which is said once")
    mutating func ahead() {
        let years = 10 * 365 * 24 * Self.hour
        #expect(self.look(wall: years, monotonic: 1_000) == (1_000, true))
        #expect(self.look(wall: years + 1_000, monotonic: 2_000) == (2_000, false))
        #expect(self.look(wall: years + Self.hour, monotonic: Self.hour) == (Self.hour, false))
        #expect(
            self.look(wall: years + Self.hour + 1_000, monotonic: Self.hour + 1_000).now == years + Self.hour + 1_000
        )
    }

    @Test("a clock that comes back within the hour is believed again")
    mutating func aheadAndBack() {
        #expect(self.look(wall: Self.hour, monotonic: 1_000) == (1_000, true))
        #expect(self.look(wall: 2_000, monotonic: 2_000) == (2_000, false))
        #expect(self.look(wall: Self.hour, monotonic: 3_000) == (3_000, true))
    }

    @Test("small differences are the clock being set right")
    mutating func small() { #expect(self.look(wall: 61_000, monotonic: 1_000) == (61_000, false)) }

    @Test("where the process is held up between the looks at the two clocks, they are looked at again")
    mutating func heldUp() {
        // Each look at the wall clock takes an hour, three times over.
        let looks = Mutex((wall: 0, passed: Int64(0)))
        let clock = FileClock(
            wall: {
                looks.withLock { looks in
                    let shown = Self.at(Self.start + looks.passed)
                    looks.wall += 1
                    if looks.wall <= 3 { looks.passed += Self.hour }
                    return shown
                }
            },
            monotonic: { looks.withLock { $0.passed } }
        )
        let (wall, monotonic) = clock.moment()
        #expect(wall == Self.at(Self.start + 3 * Self.hour) && monotonic == 3 * Self.hour)
        for (wall, monotonic) in [(wall, monotonic), clock.moment()] {
            let hasJumped = self.time.advance(wall: wall, monotonic: monotonic)
            #expect(!hasJumped)
        }
    }

    @Test("the ends of time do not trap")
    mutating func extremes() {
        _ = self.time.advance(wall: Self.at(.max), monotonic: 1)
        _ = self.time.advance(wall: Self.at(.min), monotonic: 2)
        _ = self.time.advance(wall: Self.at(.max), monotonic: .max)
        #expect(self.time.now.millisecondsSinceEpoch != .max)
    }
}
