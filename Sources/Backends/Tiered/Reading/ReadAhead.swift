/// Which blocks of a stream are fetched before anybody wants them. A store answers each request after a while: whoever goes
/// through a stream gets twice as many blocks with each request, and the next request is on its way while they are read.
/// Whoever wants a part of it gets that.
struct ReadAhead {
    /// So many readers are told apart who are at different places.
    static let mostPlaces = 8

    /// How many blocks one request asks for at most.
    let longest: Int64
    /// Which blocks were wanted last, and how many the last request ahead from there asked for; the latest at the end.
    private var places: [(number: Int64, length: Int64)] = []

    init(longest: Int64) { self.longest = max(1, longest) }

    /// A block is wanted.
    ///
    /// - Parameters:
    ///   - number: The block's.
    ///   - blockCount: How many blocks the stream has.
    ///   - isKnown: Whether a block is at hand, or on its way; the wanted one is said to be.
    /// - Returns: The blocks that are to be fetched ahead, none of which is known; `nil` for none.
    mutating func blocks(
        wanting number: Int64,
        of blockCount: Int64,
        isKnown: (Int64) -> Bool
    ) -> Range<Int64>? {
        let index = self.places.lastIndex { $0.number == number } ?? self.places.lastIndex { $0.number + 1 == number }
        var length = index.map { self.places.remove(at: $0).length } ?? 0
        if self.places.count == Self.mostPlaces { self.places.removeFirst() }
        defer { self.places.append((number, length)) }
        guard index != nil else { return nil }
        // What the last request asked for is not over yet: the next one waits until that is being read.
        guard let first = (number + 1...number + max(1, length)).first(where: { !isKnown($0) }), first < blockCount
        else { return nil }
        length = min(self.longest, max(1, length * 2))
        let end = min(first + length, blockCount)
        return first..<((first..<end).first(where: isKnown) ?? end)
    }
}
