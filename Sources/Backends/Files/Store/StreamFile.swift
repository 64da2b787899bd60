import CacheProtocol
import Synchronization

/// One stream that is open in this process: its file, how far it goes, what it is doing, and who waits for it to grow.
///
/// Readers look at atomics only; the lock is taken when something changes, or to wait.
final class StreamFile: Sendable {
    let id: StreamID
    /// For reading; writers have a handle of their own.
    let file: OpenFile

    /// Bytes that a writer has handed over: what a reader may ask for.
    private let accepted: Atomic<Int64>
    /// Bytes that are in the file.
    private let storedBytes: Atomic<Int64>
    /// How far the file was flushed to its device. Locked while that is done, so that no less is noted after more.
    private let flushed = Mutex<Int64?>(nil)
    /// How far that was, and is noted there: what a power cut leaves.
    private let durable = Atomic<Int64>(0)
    private let stateCode: Atomic<UInt8>
    private let core: Mutex<Core>

    private let waiters = GrowthWaiters()

    private struct Core {
        var info: StreamInfo
    }

    init(_ info: StreamInfo, file: OpenFile) {
        self.id = info.id
        self.file = file
        self.accepted = Atomic(info.size)
        self.storedBytes = Atomic(info.size)
        self.stateCode = Atomic(Self.code(info.state))
        self.core = Mutex(Core(info: info))
    }

    private static func code(_ state: StreamState) -> UInt8 {
        switch state {
        case .live: 0
        case .suspended: 1
        case .sealed: 2
        case .removed: 3
        }
    }

    var state: StreamState {
        switch self.stateCode.load(ordering: .acquiring) {
        case 0: .live
        case 1: .suspended
        case 2: .sealed
        default: .removed
        }
    }

    /// The state is looked at first: once it is sealed, the size is the final one.
    var status: StreamStatus {
        let state = self.state
        return StreamStatus(size: self.accepted.load(ordering: .acquiring), state: state)
    }

    /// As ``status``, with the bytes that are in the file: what growing means to those who wait.
    private var storedStatus: StreamStatus {
        let state = self.state
        return StreamStatus(size: self.stored, state: state)
    }

    var stored: Int64 { self.storedBytes.load(ordering: .acquiring) }

    var info: StreamInfo {
        var info = self.core.withLock { $0.info }
        let status = self.status
        info.size = status.size
        info.state = status.state
        return info
    }

    // MARK: What the writer reports

    /// Bytes up to `size` were handed over.
    func accept(upTo size: Int64) { self.accepted.store(size, ordering: .releasing) }

    /// Bytes up to `size` are in the file; `latest` are the last of them.
    func store(upTo size: Int64, latest: UnsafeRawBufferPointer) {
        self.storedBytes.store(size, ordering: .releasing)
        self.waiters.wake(StreamStatus(size: size, state: self.state), latest: latest)
    }

    /// Has the device store what is in the file. Nobody else does that meanwhile.
    ///
    /// - Parameter body: Flushes the file, the first time its directory as well, and notes in the file that this length got
    ///   to the device, which the next flush takes there; returns whether it could be noted.
    func secure(_ body: (_ length: Int64, _ isFirst: Bool) throws(CacheError) -> Bool) throws(CacheError) {
        try self.flushed.withLock { flushed throws(CacheError) in
            let length = self.stored
            guard try body(length, flushed == nil) else { return }
            self.durable.store(flushed ?? 0, ordering: .releasing)
            flushed = length
        }
    }

    /// Whether a power cut would take bytes.
    var isInsecure: Bool { self.stored > self.durableSize }

    /// How many bytes a power cut leaves at least.
    var durableSize: Int64 { self.durable.load(ordering: .acquiring) }

    /// What was handed over and is not in the file will not get there.
    func forgetUnstored() { self.accepted.store(self.stored, ordering: .releasing) }

    /// The stream does something else from now on.
    func change(to state: StreamState, _ update: (inout StreamInfo) -> Void = { _ in }) {
        self.core.withLock { core in
            update(&core.info)
            core.info.state = state
        }
        self.stateCode.store(Self.code(state), ordering: .releasing)
        self.waiters.wake(self.storedStatus)
    }

    // MARK: Waiting

    /// Returns once more than `offset` bytes are in the file, or the stream is not in `state` any more.
    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        _ = try await self.waiters.wait(past: offset, while: state) { self.storedStatus }
        return self.status
    }

    /// Has an observer told once that is so.
    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        self.waiters.observe(past: offset, while: state, observer) { self.storedStatus }
    }
}
