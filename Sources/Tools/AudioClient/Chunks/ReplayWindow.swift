/// The last bytes of a source that can't be read twice, as many as may have to be sent again.
struct ReplayWindow: Hashable, Sendable {
    /// The place, from the source's beginning, of the first byte that is kept.
    private(set) var base: Int64 = 0
    /// The place behind the last byte.
    private(set) var end: Int64 = 0
    /// How many bytes are kept at most.
    let limit: Int
    /// Byte `n` of the source is at `n` modulo the count.
    private var ring: [UInt8] = []

    /// An empty window.
    ///
    /// - Parameter limit: How many bytes to keep at most; 1 or more.
    init(limit: Int) { self.limit = max(1, limit) }

    /// How many bytes can be appended without forgetting any from a place on.
    ///
    /// - Parameter place: The first byte that must not be forgotten.
    /// - Returns: 0 or more.
    func room(keeping place: Int64) -> Int { max(0, self.limit - Int(self.end - max(self.base, place))) }

    /// Whether the bytes from a place on can be had.
    func contains(_ place: Int64) -> Bool { self.base <= place && place <= self.end }

    /// Appends bytes; the oldest make room for them.
    ///
    /// - Parameter bytes: At most ``limit`` many.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        self.reserve(Int(self.end - self.base) + bytes.count)
        self.base = max(self.base, self.end + Int64(bytes.count) - Int64(self.limit))
        Self.store(bytes, at: self.end, in: &self.ring)
        self.end += Int64(bytes.count)
    }

    /// Copies bytes out.
    ///
    /// - Parameters:
    ///   - place: The first of them; ``contains(_:)`` it.
    ///   - target: Where to put them.
    /// - Returns: How many; fewer than the target holds only where there are no more.
    func copy(from place: Int64, into target: UnsafeMutableRawBufferPointer) -> Int {
        guard self.contains(place) else { return 0 }
        let wanted = min(target.count, Int(self.end - place))
        var done = 0
        while done < wanted {
            let start = Int((place + Int64(done)) % Int64(self.ring.count))
            let count = min(wanted - done, self.ring.count - start)
            self.ring.withUnsafeBytes { ring in
                UnsafeMutableRawBufferPointer(rebasing: target[done...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: ring[start..<(start + count)]))
            }
            done += count
        }
        return wanted
    }

    /// Forgets what is before a place.
    ///
    /// - Parameter place: The first byte to keep; what has not come yet is not forgotten.
    mutating func forget(before place: Int64) { self.base = max(self.base, min(place, self.end)) }

    /// Grows the ring, in powers of two up to the limit, so that it holds so many bytes.
    private mutating func reserve(_ count: Int) {
        let needed = min(count, self.limit)
        guard self.ring.count < needed else { return }
        var size = max(64 << 10, self.ring.count)
        while size < needed { size *= 2 }
        var kept = [UInt8](repeating: 0, count: Int(self.end - self.base))
        kept.withUnsafeMutableBytes { _ = self.copy(from: self.base, into: $0) }
        var larger = [UInt8](repeating: 0, count: min(size, self.limit))
        kept.withUnsafeBytes { Self.store($0, at: self.base, in: &larger) }
        self.ring = larger
    }

    private static func store(_ bytes: UnsafeRawBufferPointer, at place: Int64, in ring: inout [UInt8]) {
        ring.withUnsafeMutableBytes { ring in
            var done = 0
            while done < bytes.count {
                let start = Int((place + Int64(done)) % Int64(ring.count))
                let count = min(bytes.count - done, ring.count - start)
                UnsafeMutableRawBufferPointer(rebasing: ring[start...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)]))
                done += count
            }
        }
    }
}
