import CacheProtocol

/// Which streams go, and in which order:
///
/// 1. streams whose time is over, the one whose time was over first in front, whether or not room is needed;
/// 2. where room is needed, sealed streams, the one that was not read for longest in front (for one that was never
///    read, its sealing counts), as many as it takes and no more.
///
/// A stream that is being written or read is never among them, nor is a suspended one before its time.
struct EvictionPlan: Hashable, Sendable {
    /// Why a stream goes.
    enum Reason: String, Hashable, Sendable {
        case expired, evicted
    }

    /// A stream that goes.
    struct Victim: Hashable, Sendable {
        var candidate: EvictionCandidate
        var reason: Reason
    }

    /// What is missing.
    struct Need: Hashable, Sendable {
        var bytes: Int64 = 0
        var streams = 0
        var isMet: Bool { self.bytes <= 0 && self.streams <= 0 }

        mutating func meet(with candidate: EvictionCandidate) {
            self.bytes -= candidate.size
            self.streams -= 1
        }
    }

    /// Who goes, in order.
    private(set) var victims: [Victim] = []
    /// What is still missing then; not met where there are too few to go.
    private(set) var need: Need

    /// Decides.
    ///
    /// - Parameters:
    ///   - candidates: Streams that are not being written, in any order.
    ///   - need: What is missing.
    ///   - now: The time by which streams expire.
    ///   - rules: How long streams are kept that do not say so themselves.
    ///   - isHeld: Whether a stream is being read or written now.
    init(
        _ candidates: [EvictionCandidate],
        need: Need = Need(),
        now: Timestamp,
        rules: KeepingRules,
        isHeld: (StreamID) -> Bool = { _ in false }
    ) {
        self.need = need
        var expired: [(deadline: Timestamp, candidate: EvictionCandidate)] = []
        var others: [EvictionCandidate] = []
        for candidate in candidates where !isHeld(candidate.id) {
            if let deadline = candidate.deadline(rules), deadline <= now {
                expired.append((deadline, candidate))
            } else if candidate.isSealed {
                others.append(candidate)
            }
        }
        expired.sort { ($0.deadline, $0.candidate.id) < ($1.deadline, $1.candidate.id) }
        for (_, candidate) in expired { self.take(candidate, .expired) }
        guard !self.need.isMet else { return }
        for candidate in others.sorted(by: EvictionCandidate.isUsedEarlier) {
            if self.need.isMet { return }
            self.take(candidate, .evicted)
        }
    }

    private mutating func take(_ candidate: EvictionCandidate, _ reason: Reason) {
        self.victims.append(Victim(candidate: candidate, reason: reason))
        self.need.meet(with: candidate)
    }
}
