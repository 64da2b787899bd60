import CacheProtocol
import Synchronization

/// The streams that are open in this process, and the names that are reserved in it. Only these are in memory.
///
/// Everything that can be decided from memory alone is decided here, under one lock that is never held for I/O.
final class StreamTable: Sendable {
    private let core = Mutex(Core())

    private struct Core {
        var slots: [StreamID: Slot] = [:]
        /// Ever higher, so that a writer's epoch is unlike that of any writer of the same stream before it.
        var lastEpoch: Int64 = 0
        var writers = 0
        var draining: [CheckedContinuation<Void, Never>] = []
    }

    /// What is open under one name.
    private struct Slot {
        var stream: StreamFile?
        var writer: WriteReservation?
        /// Those who hold `stream`.
        var readers = 0
        /// Those who are looking for the file; see ``beginLooking(for:)``.
        var looking = 0
        /// Counts the removals of the files, so that who found a file before one does not bring it in after it.
        var generation = 0
        /// Somebody removes or mends the files.
        var isClaimed = false
        var waiting: [CheckedContinuation<Void, Never>] = []

        var isIdle: Bool { self.writer == nil && self.readers == 0 && self.looking == 0 && !self.isClaimed }
    }

    /// How many names are open, and how many writers there are.
    var counts: (open: Int, writers: Int) { self.core.withLock { ($0.slots.count, $0.writers) } }

    /// Changes what is open under a name, and forgets the name where nothing is open any more.
    ///
    /// - Returns: The stream that was forgotten; its last reference closes the file.
    private func update(_ id: StreamID, _ body: (inout Slot) -> Void) -> StreamFile? {
        self.core.withLock { Self.update(id, &$0, body) }
    }

    private static func update(_ id: StreamID, _ core: inout Core, _ body: (inout Slot) -> Void) -> StreamFile? {
        guard var slot = core.slots[id] else { return nil }
        body(&slot)
        core.slots[id] = slot.isIdle ? nil : slot
        return slot.isIdle ? slot.stream : nil
    }

    // MARK: Writers

    /// Reserves a name for a writer.
    ///
    /// - Returns: `nil` where another one has it and is not to be superseded.
    func reserve(_ id: StreamID, _ options: WriteOptions, now: Timestamp) -> WriteReservation? {
        self.core.withLock { core -> WriteReservation? in
            var slot = core.slots[id] ?? Slot()
            guard slot.writer == nil || options.mode == .resume else { return nil }
            core.lastEpoch = max(core.lastEpoch + 1, now.millisecondsSinceEpoch)
            let reservation = WriteReservation(
                id: id,
                options: options,
                epoch: core.lastEpoch,
                predecessor: slot.writer
            )
            slot.writer = reservation
            core.slots[id] = slot
            core.writers += 1
            return reservation
        }
    }

    /// A writer has let go of its stream, or never got it. Where it never got it, the one that it would have taken the
    /// stream from, and who still writes, has the name again.
    ///
    /// - Parameter change: Says what the stream is doing from now on. Done at the same moment, so that who sees a stream
    ///   that is not live does not find its name taken. Must be short.
    /// - Returns: The stream that was forgotten, if it was.
    func giveUp(_ reservation: WriteReservation, _ change: () -> Void) -> StreamFile? {
        let (idle, draining) = self.core.withLock { core -> (StreamFile?, [CheckedContinuation<Void, Never>]) in
            guard let heir = reservation.giveUp() else { return (nil, []) }
            change()
            let idle = Self.update(reservation.id, &core) { slot in
                if slot.writer === reservation { slot.writer = heir.holder }
            }
            core.writers -= 1
            guard core.writers == 0 else { return (idle, []) }
            defer { core.draining = [] }
            return (idle, core.draining)
        }
        for continuation in draining { continuation.resume() }
        return idle
    }

    /// Returns when there is no writer.
    func drained() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDrained = self.core.withLock { core -> Bool in
                guard core.writers > 0 else { return true }
                core.draining.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    // MARK: Claims

    /// Claims a name, so that its files can be removed or mended: no writer has it then, and none gets at them before
    /// ``unclaim(_:)``.
    ///
    /// - Parameter evenIfRead: Whether those who read the stream don't matter.
    /// - Returns: Whether the name was claimed.
    func claim(_ id: StreamID, evenIfRead: Bool) -> Bool {
        self.core.withLock { core in
            var slot = core.slots[id] ?? Slot()
            guard slot.writer == nil, !slot.isClaimed else { return false }
            guard evenIfRead || (slot.readers == 0 && slot.looking == 0) else { return false }
            slot.isClaimed = true
            core.slots[id] = slot
            return true
        }
    }

    /// Claims a name once nobody else has claimed it.
    ///
    /// - Returns: `false` where a writer has the name.
    func claimWaiting(_ id: StreamID) async -> Bool {
        while true {
            if self.claim(id, evenIfRead: true) { return true }
            if self.hasWriter(id) { return false }
            await self.unclaimed(id)
        }
    }

    /// Gives a claimed name back.
    ///
    /// - Returns: The stream that was forgotten, if it was.
    func unclaim(_ id: StreamID) -> StreamFile? {
        var waiting: [CheckedContinuation<Void, Never>] = []
        let idle = self.update(id) { slot in
            slot.isClaimed = false
            swap(&waiting, &slot.waiting)
        }
        for continuation in waiting { continuation.resume() }
        return idle
    }

    /// Returns when nobody claims the name.
    func unclaimed(_ id: StreamID) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isFree = self.core.withLock { core -> Bool in
                guard core.slots[id]?.isClaimed == true else { return true }
                core.slots[id]?.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func hasWriter(_ id: StreamID) -> Bool { self.core.withLock { $0.slots[id]?.writer != nil } }

    /// Whether somebody writes or reads the stream, or is about to.
    func isHeld(_ id: StreamID) -> Bool {
        self.core.withLock { core in
            guard let slot = core.slots[id] else { return false }
            return slot.writer != nil || slot.readers > 0 || slot.looking > 0
        }
    }

    // MARK: Streams

    /// The stream, where it is open.
    func stream(_ id: StreamID) -> StreamFile? { self.core.withLock { $0.slots[id]?.stream } }

    /// All streams that are open.
    var streams: [StreamFile] { self.core.withLock { core in core.slots.values.compactMap(\.stream) } }

    /// The stream, where it is open already, held for one more reader.
    func retain(_ id: StreamID) -> StreamFile? {
        self.core.withLock { core in
            guard let stream = core.slots[id]?.stream else { return nil }
            core.slots[id]?.readers += 1
            return stream
        }
    }

    /// Somebody begins to look for a stream's file. What is open under the name stays open until ``endLooking(for:)``.
    ///
    /// - Returns: What to show to ``adopt(_:foundAt:)``.
    func beginLooking(for id: StreamID) -> Int {
        self.core.withLock { core in
            core.slots[id, default: Slot()].looking += 1
            return core.slots[id]?.generation ?? 0
        }
    }

    /// Whether the files of a name are still those that somebody finds who began to look at `generation`.
    func isCurrent(_ generation: Int, of id: StreamID) -> Bool {
        self.core.withLock { $0.slots[id]?.generation == generation }
    }

    /// Somebody has ended to look for a stream's file.
    ///
    /// - Returns: The stream that was forgotten, if it was.
    func endLooking(for id: StreamID) -> StreamFile? { self.update(id) { $0.looking -= 1 } }

    /// Puts a stream that was found among the open ones and holds it for a reader. Where it came in by another way
    /// meanwhile, that one is held instead.
    ///
    /// - Parameter generation: What ``beginLooking(for:)`` returned.
    /// - Returns: The stream that is held; `nil` where the file was removed since.
    func adopt(_ stream: StreamFile, foundAt generation: Int) -> StreamFile? {
        self.core.withLock { core in
            var slot = core.slots[stream.id] ?? Slot()
            guard slot.generation == generation else { return nil }
            let adopted = slot.stream ?? stream
            slot.stream = adopted
            slot.readers += 1
            core.slots[stream.id] = slot
            return adopted
        }
    }

    /// Puts a stream that a writer has opened among the open ones, unless readers have brought it in already.
    func adoptForWriter(_ stream: StreamFile) -> StreamFile {
        self.core.withLock { core in
            var slot = core.slots[stream.id] ?? Slot()
            let adopted = slot.stream ?? stream
            slot.stream = adopted
            core.slots[stream.id] = slot
            return adopted
        }
    }

    /// Lets go of a stream that was held for a reader.
    ///
    /// - Returns: The stream that was forgotten, if it was.
    func release(_ stream: StreamFile) -> StreamFile? {
        self.update(stream.id) { slot in
            if slot.stream === stream { slot.readers -= 1 }
        }
    }

    /// Takes a stream whose files were removed out from among the open ones; who holds it keeps it.
    func detach(_ id: StreamID) -> StreamFile? {
        self.core.withLock { core in
            guard var slot = core.slots[id] else { return nil }
            let stream = slot.stream
            slot.stream = nil
            slot.readers = 0
            slot.generation += 1
            core.slots[id] = slot
            return stream
        }
    }
}
