import CacheProtocol
import NIOCore
import Synchronization
import Testing

/// Remembers what it was told.
private final class Watcher: GrowthObserver {
    private let growths = Mutex<[StreamGrowth]>([])
    private let wait = Mutex<GrowthWait?>(nil)

    /// Waits for a live stream to become longer.
    func watch(_ waiters: GrowthWaiters, past offset: Int64, size: Int64) {
        self.wait.withLock {
            $0 = waiters.observe(past: offset, while: .live, self) { StreamStatus(size: size, state: .live) }
        }
    }

    func giveUp() { self.wait.withLock { $0 = nil } }

    func streamHasGrown(_ growth: StreamGrowth) { self.growths.withLock { $0.append(growth) } }

    var told: [StreamStatus] { self.growths.withLock { $0.map(\.status) } }
    var latest: [[UInt8]?] { self.growths.withLock { $0.map { $0.latest.map { Array($0.readableBytesView) } } } }
}

@Suite("Who waits for a stream to grow")
struct GrowthWaitersTests {
    private static func live(_ size: Int64) -> StreamStatus { StreamStatus(size: size, state: .live) }

    @Test("an observer is told once, as soon as the stream is longer or in another state, and not before")
    func once() {
        let waiters = GrowthWaiters()
        let (short, long, state) = (Watcher(), Watcher(), Watcher())
        short.watch(waiters, past: 10, size: 10)
        long.watch(waiters, past: 20, size: 10)
        state.watch(waiters, past: 99, size: 10)
        waiters.wake(Self.live(10))
        #expect(short.told.isEmpty && long.told.isEmpty && state.told.isEmpty)
        waiters.wake(Self.live(11))
        #expect(short.told == [Self.live(11)] && long.told.isEmpty && state.told.isEmpty)
        waiters.wake(Self.live(21))
        #expect(short.told.count == 1 && long.told == [Self.live(21)] && state.told.isEmpty)
        let sealed = StreamStatus(size: 21, state: .sealed)
        waiters.wake(sealed)
        #expect(short.told.count == 1 && long.told.count == 1 && state.told == [sealed])
    }

    @Test("an observer whose wait is over already is told before the call returns, and is not kept")
    func already() {
        let waiters = GrowthWaiters()
        let watcher = Watcher()
        watcher.watch(waiters, past: 5, size: 6)
        #expect(watcher.told == [Self.live(6)])
        waiters.wake(Self.live(7))
        #expect(watcher.told.count == 1)
    }

    @Test("a wait that was dropped is not told of anything, and the others are")
    func dropped() {
        let waiters = GrowthWaiters()
        let (first, second, third) = (Watcher(), Watcher(), Watcher())
        for watcher in [first, second, third] { watcher.watch(waiters, past: 0, size: 0) }
        second.giveUp()
        waiters.wake(Self.live(1))
        #expect(first.told.count == 1 && second.told.isEmpty && third.told.count == 1)
    }

    @Test("the latest bytes are handed over to observers, where they are few")
    func latest() {
        for (count, isHandedOver) in [(1, true), (8_192, true), (8_193, false)] {
            let waiters = GrowthWaiters()
            let watchers = [Watcher(), Watcher()]
            for watcher in watchers { watcher.watch(waiters, past: 0, size: 0) }
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            bytes.withUnsafeBytes { waiters.wake(Self.live(Int64(count)), latest: $0) }
            let expected: [[UInt8]?] = [isHandedOver ? bytes : nil]
            for watcher in watchers {
                let isAsExpected = watcher.latest == expected
                #expect(isAsExpected, "\(count) bytes")
            }
        }
    }

    @Test("tasks and observers wait side by side")
    func mixed() async throws {
        let waiters = GrowthWaiters()
        let watcher = Watcher()
        watcher.watch(waiters, past: 0, size: 0)
        let stream = PublishedSize()
        try await withThrowingTaskGroup(of: StreamStatus.self) { group in
            for _ in 0..<10 {
                group.addTask { try await waiters.wait(past: 0, while: .live) { Self.live(stream.size) } }
            }
            await Task.yield()
            stream.grow(to: 1)
            waiters.wake(Self.live(1))
            for try await status in group { #expect(status == Self.live(1)) }
        }
        #expect(watcher.told == [Self.live(1)])
    }
}

/// How long a stream is, for everybody to see.
private final class PublishedSize: Sendable {
    private let value = Atomic<Int64>(0)

    var size: Int64 { self.value.load(ordering: .acquiring) }
    func grow(to size: Int64) { self.value.store(size, ordering: .releasing) }
}
