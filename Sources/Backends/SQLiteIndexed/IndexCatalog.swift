import CacheProtocol
import FileStorage
import GRDB
import Synchronization

/// The index as a store's catalog.
///
/// A row is written at the start of a stream, when it is gone on with, sealed or left, and never while bytes come.
/// What can't be written because the disk is full is owed: remembered here, answered from here, and written when there
/// is room; where the process ends before, recovery finds it out from the files.
final class IndexCatalog: StreamCatalog {
    private let index: StreamIndex
    private let directory: CacheDirectory
    private let wall: @Sendable () -> Timestamp
    private let state: Mutex<State>

    private struct State {
        /// What the index was not told yet.
        var owed: [StreamID: Debt] = [:]
        /// Whether the index was compared with the files; before that, a row may be wanting.
        var isRecovered = false
        /// Whether the index was made anew, so that its totals mean nothing before it was compared.
        var isNew: Bool
        /// What the start found at once.
        var firstReport: RecoveryReport?
        var damage: String?
    }

    private enum Debt: Equatable {
        case forget
        case put(IndexedStream)
    }

    init(
        index: StreamIndex,
        directory: CacheDirectory,
        isNew: Bool,
        firstReport: RecoveryReport,
        wall: @escaping @Sendable () -> Timestamp
    ) {
        self.index = index
        self.directory = directory
        self.wall = wall
        self.state = Mutex(State(isNew: isNew, firstReport: firstReport))
    }

    var listing: Capabilities.Support { .native }

    // MARK: A stream's life

    func started(_ info: StreamInfo) throws(CacheError) {
        try self.put(self.row(info), settling: info.id)
    }

    func seal(_ info: StreamInfo, publish: () throws(CacheError) -> Void) throws(CacheError) {
        let row = self.row(info)
        try self.writing(row.id) { db in
            try StreamIndex.put(row, db)
            // Inside the transaction: a crash before the commit leaves a sealed file with an unsealed row, which
            // recovery brings up to date.
            try publish()
        }
    }

    /// Writes a stream's row. What was owed of it is forgotten inside the transaction, where ``settle()`` looks: it must
    /// not write an older row over this one.
    private func writing(_ id: StreamID, _ body: (Database) throws -> Void) throws(CacheError) {
        var debt: Debt?
        do throws(CacheError) {
            try self.noting { () throws(CacheError) in
                try self.index.write { db in
                    debt = self.state.withLock { $0.owed.removeValue(forKey: id) }
                    try body(db)
                }
            }
        } catch {
            self.state.withLock { state in
                if state.owed[id] == nil { state.owed[id] = debt }
            }
            throw error
        }
    }

    func suspended(_ info: StreamInfo) { self.putOrOwe(self.row(info)) }

    private func putOrOwe(_ row: IndexedStream) {
        do throws(CacheError) {
            try self.put(row, settling: row.id)
        } catch {
            self.state.withLock { $0.owed[row.id] = .put(row) }
        }
    }

    func remove(_ id: StreamID, unlink: () throws(CacheError) -> Void) throws(CacheError) -> Bool {
        let row = try? self.index.stream(id)
        let debt = self.state.withLock { $0.owed.removeValue(forKey: id) }
        do throws(CacheError) {
            _ = try self.noting { () throws(CacheError) in try self.index.forget([id]) }
        } catch {
            if row != nil { self.state.withLock { $0.owed[id] = .forget } }
        }
        let known =
            switch debt {
            case .forget: nil as IndexedStream?
            case .put(let row): row
            case nil: row
            }
        do throws(CacheError) {
            try unlink()
        } catch {
            if let known { self.putOrOwe(known) }
            throw error
        }
        return known != nil
    }

    func lost(_ id: StreamID) {
        guard var row = try? self.index.stream(id), row.state != .missing else { return }
        row.state = .missing
        row.changedAt = self.wall()
        self.state.withLock { _ = $0.owed.removeValue(forKey: id) }
        try? self.index.put([row])
    }

    func touched(_ times: [StreamID: Timestamp]) throws(CacheError) {
        try self.noting { () throws(CacheError) in try self.index.touch(times) }
    }

    private func put(_ row: IndexedStream, settling id: StreamID) throws(CacheError) {
        try self.writing(id) { db in try StreamIndex.put(row, db) }
    }

    private func row(_ info: StreamInfo) -> IndexedStream {
        let isSealed = info.state == .sealed
        return IndexedStream(
            info,
            file: isSealed ? StreamFileName.sealed(info.id) : StreamFileName.unfinished(info.id),
            changedAt: self.wall()
        )
    }

    // MARK: Looking

    func info(_ id: StreamID) throws(CacheError) -> StreamInfo? {
        let (debt, isRecovered) = self.state.withLock { ($0.owed[id], $0.isRecovered) }
        switch debt {
        case .forget: return nil
        case .put(let row): return row.info
        case nil: break
        }
        if let row = try self.noting({ () throws(CacheError) in try self.index.stream(id) }) {
            return row.state == .missing ? nil : row.info
        }
        return isRecovered ? nil : try self.directory.stored(id, asFarAsWritten: true)?.info
    }

    func sealedSize(of id: StreamID) throws(CacheError) -> Int64? {
        let row =
            switch self.state.withLock({ $0.owed[id] }) {
            case .forget: nil as IndexedStream?
            case .put(let row): row
            case nil: try self.index.stream(id)
            }
        return row?.state == .sealed ? row?.size : nil
    }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) throws(CacheError) -> StreamPage {
        var query = StreamIndexQuery()
        query.prefix = filter.prefix
        query.createdAfter = filter.createdAfter
        query.createdBefore = filter.createdBefore
        query.after = cursor
        query.limit = limit < .max ? limit + 1 : limit
        switch filter.state {
        case nil: query.states = [.live, .suspended, .sealed]
        case .live, .suspended: query.states = [.live, .suspended]
        case .sealed: query.states = [.sealed]
        case .removed: return StreamPage(streams: [], next: nil)
        }
        var rows = try self.noting { () throws(CacheError) in try self.index.streams(query) }
        let hasMore = rows.count > limit
        if hasMore { rows.removeLast(rows.count - limit) }
        let owed = self.state.withLock { $0.owed }
        let streams = rows.compactMap { row -> StreamInfo? in
            switch owed[row.id] {
            case .forget: nil
            case .put(let owed): owed.info
            case nil: row.info
            }
        }
        return StreamPage(streams: streams, next: hasMore ? rows.last?.id : nil)
    }

    // MARK: Upkeep

    func totals() throws(CacheError) -> (streams: Int64, bytes: Int64) {
        if self.state.withLock({ $0.isNew && !$0.isRecovered }) { return try DirectoryCatalog(self.directory).totals() }
        let totals = try self.noting { () throws(CacheError) in try self.index.totals() }
        let stored = totals.filter { $0.key != .missing }.values.reduce(into: StreamIndex.Totals()) { $0.add($1) }
        // Half of all numbers, so that adding to it does no harm.
        return (min(stored.count, .max / 2), min(stored.bytes, .max / 2))
    }

    func expired(at now: Timestamp, _ rules: KeepingRules, limit: Int) throws(CacheError) -> [EvictionCandidate] {
        self.candidates(
            try self.noting { () throws(CacheError) in try self.index.expired(at: now, rules, limit: limit) }
        )
    }

    func leastUsed(
        after position: UsePosition?,
        limit: Int,
        where mayGo: (StreamID) -> Bool
    ) throws(CacheError) -> LeastUsedPage {
        let rows = try self.noting { () throws(CacheError) in
            try self.index.leastUsed(after: position, limit: limit)
        }
        // The order is the index's own: a stream that was read while it was written counts there by that.
        let next =
            rows.count < limit
            ? nil
            : rows.last.map { row in
                UsePosition(
                    usedAt: row.lastReadAt ?? row.sealedAt ?? Timestamp(millisecondsSinceEpoch: .min),
                    id: row.id
                )
            }
        return LeastUsedPage(candidates: self.candidates(rows).filter { mayGo($0.id) }, next: next)
    }

    private func candidates(_ rows: [IndexedStream]) -> [EvictionCandidate] {
        let owed = self.state.withLock { $0.owed }
        return rows.filter { owed[$0.id] == nil }.map { EvictionCandidate($0.info, changedAt: $0.changedAt) }
    }

    func recover(
        counter: RecoveryCounter,
        claim: ([StreamID], ([StreamID]) throws(CacheError) -> Void) throws(CacheError) -> Void
    ) throws(CacheError) -> RecoveryReport {
        var recovery = IndexRecovery(index: self.index, directory: self.directory, now: self.wall())
        try self.noting { () throws(CacheError) in try recovery.mendAll(counter: counter, claim: claim) }
        return self.state.withLock { state in
            let wasNew = state.isNew
            state.isRecovered = true
            state.isNew = false
            var report = recovery.report
            // What a new index did not know, the directory's own totals did.
            if wasNew { report.change = (0, 0) }
            if let first = state.firstReport { report.merge(first) }
            return report
        }
    }

    var problems: [String] { self.state.withLock { $0.damage.map { ["io: \($0)"] } ?? [] } }

    func settle() {
        let owed = self.state.withLock { $0.owed }
        for (id, debt) in owed {
            do throws(CacheError) {
                try self.index.write { db in
                    // Somebody may have written the row since, and owes nothing, or something else.
                    guard self.state.withLock({ $0.owed[id] == debt }) else { return }
                    switch debt {
                    case .forget: try StreamIndex.forget(id, db)
                    case .put(let row): try StreamIndex.put(row, db)
                    }
                }
            } catch {
                return
            }
            self.state.withLock { state in
                if state.owed[id] == debt { state.owed[id] = nil }
            }
        }
    }

    func close() { self.index.checkpoint() }

    /// Remembers that the index turned out to be damaged: it is made anew at the next start.
    private func noting<Value>(_ body: () throws(CacheError) -> Value) throws(CacheError) -> Value {
        do throws(CacheError) {
            return try body()
        } catch {
            if error.cause is StreamIndexDamage {
                let isFirst = self.state.withLock { state in
                    defer { state.damage = error.message }
                    return state.damage == nil
                }
                if isFirst { try? self.directory.mark(IndexFile.damageMark) }
            }
            throw error
        }
    }
}
