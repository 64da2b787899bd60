import CacheProtocol

/// The streams that were not used for longest, out of any number, in bounded memory.
struct LowestUses {
    private let limit: Int
    /// Candidates up to here were had before.
    private let start: UsePosition?
    private var kept: [EvictionCandidate] = []
    /// Whether some were left out, so that there are more.
    private(set) var isTruncated = false
    /// Candidates that come after this one are of no interest.
    private var bound: EvictionCandidate?

    /// Keeps `limit` of them, all beyond a place.
    init(limit: Int, after start: UsePosition? = nil) {
        self.limit = max(1, limit)
        self.start = start
    }

    /// Whether a candidate would be kept as things are. Where it would not be because others come first, there are more
    /// than are kept.
    mutating func admits(_ candidate: EvictionCandidate) -> Bool {
        if let start = self.start, (candidate.lastUsedAt, candidate.id) <= (start.usedAt, start.id) { return false }
        guard let bound = self.bound, !EvictionCandidate.isUsedEarlier(candidate, bound) else { return true }
        self.isTruncated = true
        return false
    }

    mutating func insert(_ candidate: EvictionCandidate) {
        guard self.admits(candidate) else { return }
        self.kept.append(candidate)
        if self.kept.count >= 2 * self.limit { self.shrink() }
    }

    private mutating func shrink() {
        self.kept.sort(by: EvictionCandidate.isUsedEarlier)
        guard self.kept.count > self.limit else { return }
        self.kept.removeLast(self.kept.count - self.limit)
        self.bound = self.kept.last
        self.isTruncated = true
    }

    /// The candidates, the one that was not used for longest first.
    mutating func sorted() -> [EvictionCandidate] {
        self.shrink()
        return self.kept
    }
}
