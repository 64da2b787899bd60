import CacheProtocol
import SQLiteBackend

extension StreamIndexQuery {
    /// Whether a row is wanted, its place in the order aside: what the index does in SQL, for those who have none.
    func matches(_ stream: IndexedStream) -> Bool {
        if let prefix = self.prefix, !stream.id.rawValue.utf8.starts(with: prefix.utf8) { return false }
        if let states = self.states, !states.contains(stream.state) { return false }
        if let moment = self.createdAfter, stream.createdAt < moment { return false }
        if let moment = self.createdBefore, stream.createdAt >= moment { return false }
        if let moment = self.notVerifiedSince, let last = stream.lastVerifiedAt, last >= moment { return false }
        return true
    }

    /// Whether one row comes before another; where nothing else tells, ids do. What is unknown comes first, as in SQL.
    func puts(_ left: IndexedStream, before right: IndexedStream) -> Bool {
        let (first, second) = self.isDescending ? (right, left) : (left, right)
        switch self.order {
        case .id: return first.id < second.id
        case .state: return Self.less(first, second) { $0.state.rawValue }
        case .size: return Self.less(first, second) { $0.size }
        case .contentType: return Self.less(first, second) { $0.contentType }
        case .created: return Self.less(first, second) { $0.createdAt }
        case .sealed: return Self.less(first, second) { $0.sealedAt }
        case .lastRead: return Self.less(first, second) { $0.lastReadAt }
        case .expires: return Self.less(first, second) { $0.expiresAt }
        case .lastVerified: return Self.less(first, second) { $0.lastVerifiedAt }
        }
    }

    private static func less(
        _ first: IndexedStream,
        _ second: IndexedStream,
        by value: (IndexedStream) -> (some Comparable)?
    ) -> Bool {
        switch (value(first), value(second)) {
        case (nil, nil): first.id < second.id
        case (nil, _): true
        case (_, nil): false
        case (let left?, let right?): left == right ? first.id < second.id : left < right
        }
    }
}

extension StreamIndex.Measure {
    /// What is measured of one row, or `nil` where it isn't counted.
    func value(of stream: IndexedStream) -> Int64? {
        switch self {
        case .size: stream.size
        case .age(let moment): moment.millisecondsSinceEpoch - stream.createdAt.millisecondsSinceEpoch
        case .idle(let moment):
            stream.state == .sealed
                ? (stream.lastReadAt ?? stream.sealedAt).map {
                    moment.millisecondsSinceEpoch - $0.millisecondsSinceEpoch
                }
                : nil
        }
    }
}
