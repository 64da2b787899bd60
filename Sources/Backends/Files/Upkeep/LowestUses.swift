import CacheProtocol

/// The streams that were not used for longest, out of any number, in bounded memory.
struct LowestUses {
    private let limit: Int
    private var kept: [EvictionCandidate] = []
    /// Whether some were left out, so that there are more.
    private(set) var isTruncated = false
    /// Candidates that come after this one are of no interest.
    private var bound: EvictionCandidate?

    /// Keeps `limit` of them.
    init(limit: Int) { self.limit = max(1, limit) }

    mutating func insert(_ candidate: EvictionCandidate) {
        if let bound = self.bound, !EvictionCandidate.isUsedEarlier(candidate, bound) {
            self.isTruncated = true
            return
        }
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
