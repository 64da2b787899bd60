import CacheProtocol

/// The streams that go next when room is needed, so that not every need costs a look at all of them.
struct Evictor {
    /// How many are remembered.
    static let batch = 256

    /// Those that were not used for longest, the first one last.
    var queue: [EvictionCandidate] = []
    /// There was nobody to go; asking again before this, by the monotonic clock, is for nothing.
    var fruitlessUntil = Int64.min
}
