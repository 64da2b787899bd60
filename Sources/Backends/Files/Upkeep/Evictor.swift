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

/// How far one need for room has gone through the list of streams. It only goes on, so that it ends.
struct EvictionSearch {
    /// Where it goes on; `nil` for the beginning.
    private(set) var position: UsePosition?
    private(set) var isNew = true
    private(set) var isAtEnd = false

    /// A page was looked at.
    ///
    /// - Parameter next: Where to go on; `nil` at the end of the list.
    mutating func advance(to next: UsePosition?) {
        self.isNew = false
        self.position = next
        self.isAtEnd = next == nil
    }
}
