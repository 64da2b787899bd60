import CacheProtocol
package import FileStorage
import Synchronization

/// Clocks that go on by themselves, and are moved by a test; no two looks at the wall clock see the same time.
///
/// Both go by the system's monotonic clock, so that nobody who sets the machine's clock meanwhile sets these.
package final class TestClock: Sendable {
    private let start = (wall: Timestamp.now.millisecondsSinceEpoch, monotonic: FileClock.system.monotonic())
    private let state = Mutex(State())

    package init() {}

    private struct State {
        var wall: Int64 = 0
        var monotonic: Int64 = 0
        var last = Int64.min
    }

    package var clock: FileClock {
        FileClock(
            wall: {
                self.state.withLock { state in
                    let passed = FileClock.system.monotonic() - self.start.monotonic
                    state.last = max(state.last + 1, self.start.wall + passed + state.wall)
                    return Timestamp(millisecondsSinceEpoch: state.last)
                }
            },
            monotonic: { self.state.withLock { FileClock.system.monotonic() + $0.monotonic } }
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
