import CacheProtocol
import FileStorage
import SQLiteBackend

/// A directory without an index as its own inventory: names tell the state, extended attributes the rest.
struct DirectoryInventory: StreamInventory {
    let files: CacheFiles

    var isIndex: Bool { false }

    var countsQuickly: Bool { false }

    func streams(_ query: StreamIndexQuery) throws(InspectError) -> [IndexedStream] {
        let limit = query.limit ?? .max
        guard query.order != .id || query.isDescending else { return try self.page(query, limit: limit) }
        // The best so far, in memory for twice the limit.
        var best: [IndexedStream] = []
        func trim() {
            best.sort { query.puts($0, before: $1) }
            if best.count > limit { best.removeLast(best.count - limit) }
        }
        try self.forEach(query) { (stream) throws(InspectError) in
            best.append(stream)
            if best.count / 2 >= max(limit, 1_024) { trim() }
            return true
        }
        trim()
        return best
    }

    func stream(_ id: StreamID) throws(InspectError) -> IndexedStream? {
        if let stream = try self.read(id, .sealed) { return stream }
        return try self.read(id, .suspended)
    }

    func states(of ids: [StreamID]) throws(InspectError) -> [StreamID: IndexedStream.State] {
        var states: [StreamID: IndexedStream.State] = [:]
        for id in ids { states[id] = try self.stream(id)?.state }
        return states
    }

    func totals(_ query: StreamIndexQuery) throws(InspectError) -> [IndexedStream.State: StreamIndex.Totals] {
        var totals: [IndexedStream.State: StreamIndex.Totals] = [:]
        try self.forEach(query) { (stream) throws(InspectError) in
            totals[stream.state, default: StreamIndex.Totals()].count += 1
            totals[stream.state, default: StreamIndex.Totals()].bytes += stream.size
            return true
        }
        return totals
    }

    func histogram(of measure: StreamIndex.Measure, bounds: [Int64]) throws(InspectError) -> [StreamIndex.Totals] {
        var classes = [StreamIndex.Totals](repeating: StreamIndex.Totals(), count: bounds.count + 1)
        try self.forEach(StreamIndexQuery()) { (stream) throws(InspectError) in
            guard let value = measure.value(of: stream) else { return true }
            let number = bounds.firstIndex { value < $0 } ?? bounds.count
            classes[number].count += 1
            classes[number].bytes += stream.size
            return true
        }
        return classes
    }

    func record(_ verification: IndexedStream.Verification, of stream: IndexedStream, at time: Timestamp) -> Bool {
        false
    }

    /// The lowest ids, in order.
    private func page(_ query: StreamIndexQuery, limit: Int) throws(InspectError) -> [IndexedStream] {
        var found: [IndexedStream] = []
        var last = query.after
        while true {
            let (ids, isComplete) = try self.ids(beginningWith: query.prefix ?? "", after: last, limit: 4_096)
            for id in ids {
                last = id
                guard found.count < limit else { return found }
                if let stream = try self.stream(id), query.matches(stream) { found.append(stream) }
            }
            if isComplete { return found }
        }
    }

    /// The lowest ids beyond a cursor, sorted, and whether those are all; in memory for twice the limit.
    private func ids(
        beginningWith prefix: String,
        after cursor: StreamID?,
        limit: Int
    ) throws(InspectError) -> (ids: [StreamID], isComplete: Bool) {
        var ids: Set<StreamID> = []
        var bound: StreamID?
        do throws(SystemCallError) {
            try self.files.calls.names(in: self.files.directory) { name in
                guard let id = StreamFileName.parse(name)?.id, id.rawValue.utf8.starts(with: prefix.utf8) else {
                    return true
                }
                if let cursor, id <= cursor { return true }
                if let bound, id > bound { return true }
                ids.insert(id)
                if ids.count >= 2 * limit {
                    let lowest = ids.sorted().prefix(limit)
                    bound = lowest.last
                    ids = Set(lowest)
                }
                return true
            }
        } catch {
            throw InspectError(.io, "\(error).")
        }
        let sorted = ids.sorted()
        return sorted.count > limit ? (Array(sorted.prefix(limit)), false) : (sorted, bound == nil)
    }

    private func read(_ id: StreamID, _ state: StreamState) throws(InspectError) -> IndexedStream? {
        do throws(SystemCallError) {
            return try self.files.row(of: id, state)
        } catch {
            if error.isNotFound { return nil }
            // What can't be opened is there all the same: whoever looks at the bytes says what is wrong with it.
            let info = StreamInfo(id: id, state: state, size: 0, createdAt: Timestamp(millisecondsSinceEpoch: 0))
            return IndexedStream(info, file: CacheFiles.name(of: id, state), changedAt: info.createdAt)
        }
    }
}
