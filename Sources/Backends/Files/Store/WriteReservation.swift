import CacheProtocol
import Synchronization

/// A name that is reserved for one writer, before and while it writes.
///
/// A newcomer that takes the name over waits until the opening that it interrupted has come to its end, so that never
/// two of them are at the same files.
final class WriteReservation: Sendable {
    let id: StreamID
    let options: WriteOptions
    let epoch: Int64
    private let core: Mutex<Core>

    private struct Core {
        var phase = Phase.reserved
        /// Who had the name before and is to hand it over.
        var predecessor: WriteReservation?
        var isGivenUp = false
        var waiting: [CheckedContinuation<FileAppender?, Never>] = []
    }

    private enum Phase {
        case reserved
        case opening
        case open(FileAppender)
        case over
    }

    init(id: StreamID, options: WriteOptions, epoch: Int64, predecessor: WriteReservation?) {
        self.id = id
        self.options = options
        self.epoch = epoch
        self.core = Mutex(Core(predecessor: predecessor))
    }

    /// Begins opening, unless a newcomer was faster or the writer has gone.
    func beginOpening() -> Bool {
        self.core.withLock { core in
            guard case .reserved = core.phase else { return false }
            core.phase = .opening
            return true
        }
    }

    /// Opening came to its end.
    ///
    /// - Parameter appender: The way to the file, or `nil` where it failed.
    func endOpening(_ appender: FileAppender?) {
        let waiting = self.core.withLock { core in
            core.phase = appender.map { .open($0) } ?? .over
            defer { core.waiting = [] }
            return core.waiting
        }
        for continuation in waiting { continuation.resume(returning: appender) }
    }

    /// Whom this one takes the name over from; asked for once, so that a chain of them does not grow.
    func takePredecessor() -> WriteReservation? {
        self.core.withLock { core in
            defer { core.predecessor = nil }
            return core.predecessor
        }
    }

    /// Keeps this reservation from opening, or waits until it has.
    ///
    /// - Returns: The way to the file, where there is one.
    func superseded() async -> FileAppender? {
        await withCheckedContinuation { continuation in
            let settled: FileAppender?? = self.core.withLock { core in
                switch core.phase {
                case .reserved:
                    core.phase = .over
                    return .some(nil)
                case .opening:
                    core.waiting.append(continuation)
                    return nil
                case .open(let appender): return .some(appender)
                case .over: return .some(nil)
                }
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }

    /// Who has the name when a reservation is given up.
    struct Heir {
        var holder: WriteReservation?
    }

    /// The writer has let go, or never got the stream.
    ///
    /// The appender is let go of too, so that the file is closed even while a successor is still remembered.
    ///
    /// - Returns: Who has the name now: the predecessor that was never superseded and still writes, if there is one;
    ///   `nil` where the reservation had been given up before.
    func giveUp() -> Heir? {
        let (isFirst, predecessor) = self.core.withLock { core -> (Bool, WriteReservation?) in
            guard !core.isGivenUp else { return (false, nil) }
            core.isGivenUp = true
            switch core.phase {
            case .reserved, .open: core.phase = .over
            case .opening, .over: break
            }
            return (true, core.predecessor)
        }
        guard isFirst else { return nil }
        var holder = predecessor
        while let candidate = holder {
            let (isGivenUp, next) = candidate.core.withLock { ($0.isGivenUp, $0.predecessor) }
            guard isGivenUp else { break }
            holder = next
        }
        return Heir(holder: holder)
    }
}
