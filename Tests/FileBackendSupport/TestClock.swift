import CacheProtocol
package import FileStorage
import Synchronization

/// The system's clocks, moved by a test; no two looks at the wall clock see the same time.
package final class TestClock: Sendable {
    package init() {}

    private let state = Mutex(State())

    private struct State {
        var wall: Int64 = 0
        var monotonic: Int64 = 0
        var last = Int64.min
    }

    package var clock: FileClock {
        FileClock(
            wall: {
                let now = Timestamp.now.millisecondsSinceEpoch
                return self.state.withLock { state in
                    state.last = max(state.last + 1, now + state.wall)
                    return Timestamp(millisecondsSinceEpoch: state.last)
                }
            },
            monotonic: {
                let now = FileClock.system.monotonic()
                return self.state.withLock { now + $0.monotonic }
            }
        )
    }

    /// Time passes.
    package func advance(seconds: Int64) {
        self.state.withLock { state in
            state.wall += seconds * 1_000
            state.monotonic += seconds * 1_000
        }
    }

    /// Somebody sets the wall clock.
    package func setWall(bySeconds seconds: Int64) {
        self.state.withLock { state in
            state.wall += seconds * 1_000
            state.last = .min
        }
    }
}
