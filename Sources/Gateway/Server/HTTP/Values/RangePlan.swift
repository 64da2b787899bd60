import CacheProtocol

/// What a `Range` comes to, given how long the stream is.
enum RangePlan: Hashable {
    /// As if there had been no `Range`: the whole stream, and what comes of it while it is live.
    case whole
    /// One part.
    case part(ClosedRange<Int64>)
    /// From a position on, what is there and what comes, up to and including the position that was asked for
    /// (RFC 8673, 2.2). The position is one that no stream reaches.
    case follow(from: Int64, through: Int64)
    /// Several parts, none overlapping another, in the order in which they were asked for.
    case parts([ClosedRange<Int64>])
    /// Nothing of what was asked for is there.
    case unsatisfiable

    /// The most parts of one answer. Who asks for more gets the whole.
    static let maximumParts = 16

    /// Decides about ranges.
    ///
    /// A range is compared with what is there now and never waits; to wait for what comes is what ``follow(from:through:)``
    /// is for.
    ///
    /// - Parameters:
    ///   - ranges: What was asked for; `nil` for nothing.
    ///   - status: The stream.
    ///   - isHead: Whether only the header of the answer is sent. Of a live stream it then tells how much there is
    ///     (RFC 8673, 2.1), where a GET of everything follows.
    init(_ ranges: ByteRangeSet?, of status: StreamStatus, isHead: Bool) {
        guard let specs = ranges?.specs else {
            self = .whole
            return
        }
        if status.state == .live, specs.count == 1, case .from(let first, let last) = specs[0] {
            if let last, last >= ByteRangeSet.indefinite {
                // At the end there is nothing yet, but there is something to wait for.
                self = first <= status.size ? .follow(from: first, through: last) : .unsatisfiable
                return
            }
            // What players ask for when they begin: finite, it would end the playing where the stream is now.
            if first == 0, last == nil, !isHead {
                self = .whole
                return
            }
        }
        let parts = specs.compactMap { Self.part($0, of: status.size) }
        if parts.isEmpty {
            self = .unsatisfiable
        } else if specs.count == 1 {
            self = .part(parts[0])
        } else if specs.count > Self.maximumParts || Self.overlap(parts) {
            // Refusing would be worse: many clients can do nothing with 416.
            self = .whole
        } else {
            self = parts.count == 1 ? .part(parts[0]) : .parts(parts)
        }
    }

    private static func part(_ spec: ByteRangeSet.Spec, of size: Int64) -> ClosedRange<Int64>? {
        guard size > 0 else { return nil }
        switch spec {
        case .from(let first, let last):
            guard first < size else { return nil }
            return first...min(last ?? .max, size - 1)
        case .suffix(let count):
            guard count > 0 else { return nil }
            return (size - min(count, size))...(size - 1)
        }
    }

    private static func overlap(_ parts: [ClosedRange<Int64>]) -> Bool {
        let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
        return zip(sorted, sorted.dropFirst()).contains { $0.upperBound >= $1.lowerBound }
    }
}
