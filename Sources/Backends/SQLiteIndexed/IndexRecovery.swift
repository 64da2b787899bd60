import CacheProtocol
import FileStorage

/// Makes index and files agree after whatever happened to either. It can be interrupted anywhere and done again.
struct IndexRecovery {
    /// How many streams are looked at in one transaction.
    private static let batch = 1_000
    /// How many streams are mended in one transaction. Who wants to write one of them waits for so long; and a transaction
    /// for each would cost far more than what is done in it.
    private static let mendedTogether = 100

    /// See ``StreamCatalog/recover(counter:claim:)``.
    typealias Claim = ([StreamID], ([StreamID]) throws(CacheError) -> Void) throws(CacheError) -> Void

    /// What a row is to be from now on.
    private struct Change {
        let row: IndexedStream
        let finding: RecoveryReport.Finding
        /// What the catalog counted before, and what it counts with that row.
        let counted: (before: IndexedStream?, now: IndexedStream?)
    }

    let index: StreamIndex
    let directory: CacheDirectory
    let now: Timestamp
    private(set) var report = RecoveryReport()

    init(index: StreamIndex, directory: CacheDirectory, now: Timestamp) {
        self.index = index
        self.directory = directory
        self.now = now
    }

    /// Looks at the streams that were being written when the process before ended. There are few, and what the index
    /// says of them is old; so this comes before anything is served.
    mutating func mendLive() throws(CacheError) {
        var query = StreamIndexQuery()
        query.states = [.live]
        query.limit = Self.batch
        while true {
            let rows = try self.index.streams(query)
            // Nobody else is at work yet.
            try self.mend(rows.map(\.id)) { ids, body throws(CacheError) in try body(ids) }
            guard rows.count == Self.batch, let last = rows.last else { return }
            query.after = last.id
        }
    }

    /// Looks at everything, while streams are written and read.
    mutating func mendAll(counter: RecoveryCounter, claim: Claim) throws(CacheError) {
        try self.lookThroughFiles(counter, claim)
        try self.lookThroughRows(counter, claim)
    }

    private mutating func lookThroughFiles(_ counter: RecoveryCounter, _ claim: Claim) throws(CacheError) {
        var batch: [StreamID: Bool] = [:]
        var failure: CacheError?
        // The directory is read while rows are mended: what is renamed meanwhile may be seen twice or not at all; the
        // look through the rows finds it.
        try self.directory.forEachFile { id, isSealed in
            batch[id] = isSealed || batch[id] ?? false
            counter.add(1)
            guard batch.count == Self.batch else { return true }
            do throws(CacheError) {
                try counter.goOn()
                try self.compare(batch, claim)
                batch.removeAll(keepingCapacity: true)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        try self.compare(batch, claim)
    }

    /// Compares files with rows by what the names say.
    private mutating func compare(_ files: [StreamID: Bool], _ claim: Claim) throws(CacheError) {
        let states = try self.index.states(of: Array(files.keys))
        let differing = files.filter { id, isSealed in
            switch (states[id], isSealed) {
            case (.sealed, true), (.suspended, false): false
            default: true
            }
        }
        try self.mend(differing.keys.sorted(), claim)
    }

    private mutating func lookThroughRows(_ counter: RecoveryCounter, _ claim: Claim) throws(CacheError) {
        var cursor: StreamID?
        while true {
            try counter.goOn()
            let rows = try self.index.outlines(after: cursor, limit: Self.batch)
            let differing = rows.filter { row in
                guard row.state != .missing else { return false }
                guard let sizes = try? self.sizes(of: row.id, row.state) else { return true }
                return IndexMending(row: (row.state, row.size), sealed: sizes.sealed, unfinished: sizes.unfinished)
                    != .nothing
            }
            try self.mend(differing.map(\.id), claim)
            guard rows.count == Self.batch else { return }
            cursor = rows.last?.id
        }
    }

    // MARK: Mending

    private mutating func mend(_ ids: [StreamID], _ claim: Claim) throws(CacheError) {
        for start in stride(from: 0, to: ids.count, by: Self.mendedTogether) {
            let some = Array(ids[start..<min(start + Self.mendedTogether, ids.count)])
            try claim(some) { claimed throws(CacheError) in try self.mendClaimed(claimed) }
        }
    }

    /// Mends streams that nobody else is at, their rows in one transaction.
    private mutating func mendClaimed(_ ids: [StreamID]) throws(CacheError) {
        let rows = try self.index.streams(named: ids)
        var changes: [Change] = []
        for id in ids {
            do throws(CacheError) {
                if let change = try self.mend(id, rows[id]) { changes.append(change) }
            } catch {
                // One stream's trouble is not the others'; the index's is.
                guard error.cause is SystemCallError else { throw error }
                self.report.note(problem: error.message)
            }
        }
        guard !changes.isEmpty else { return }
        try self.index.put(changes.map(\.row))
        for change in changes { self.note(change) }
    }

    /// How long a stream's files are. An unfinished stream may end before its file does, after a power cut; one that was
    /// sealed was flushed to the end of its file.
    private func sizes(
        of id: StreamID,
        _ state: IndexedStream.State?
    ) throws(CacheError) -> (sealed: Int64?, unfinished: Int64?) {
        var sizes = try self.directory.sizes(of: id)
        if state == .live || state == .suspended, sizes.sealed == nil, sizes.unfinished != nil {
            sizes.unfinished = try self.directory.stored(id)?.info.size
        }
        return sizes
    }

    /// Mends one stream's files, and says what its row is to be, where that is to be another.
    private mutating func mend(_ id: StreamID, _ row: IndexedStream?) throws(CacheError) -> Change? {
        let sizes = try self.sizes(of: id, row?.state)
        let known = row.flatMap { $0.state == .missing ? nil : $0 }
        switch IndexMending(
            row: row.map { ($0.state, $0.size) },
            sealed: sizes.sealed,
            unfinished: sizes.unfinished
        ) {
        case .nothing: return nil
        case .report(let finding):
            self.report.note(finding, id)
            return nil
        case .rename:
            try self.directory.finishRenaming(id)
            self.report.note(.renamed, id)
            return nil
        case .markMissing:
            guard var row else { return nil }
            row.state = .missing
            row.changedAt = self.now
            return Change(row: row, finding: .missing, counted: (known, nil))
        case .follow(let finding):
            try self.directory.cutAtEndOfBytes(id)
            guard let stored = try self.directory.stored(id) else { return nil }
            let mended = Self.row(stored, was: row)
            return Change(row: mended, finding: finding, counted: (known, mended))
        }
    }

    private mutating func note(_ change: Change) {
        let (old, new) = change.counted
        self.report.change.streams += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        let bytes = (new?.size ?? 0) - (old?.size ?? 0)
        self.report.change.bytes = self.report.change.bytes.addingClamped(bytes)
        self.report.note(change.finding, change.row.id)
    }

    /// A row made from a file; what only the old row knew is kept.
    private static func row(_ stored: StoredStream, was old: IndexedStream?) -> IndexedStream {
        let isSealed = stored.info.state == .sealed
        var row = IndexedStream(
            stored.info,
            file: isSealed ? StreamFileName.sealed(stored.info.id) : StreamFileName.unfinished(stored.info.id),
            // A stream that was cut off counts from its last byte, not from when it was found.
            changedAt: stored.info.sealedAt ?? stored.modifiedAt
        )
        guard let old else { return row }
        row.lastReadAt = [row.lastReadAt, old.lastReadAt].compactMap { $0 }.max()
        if row.contentType == nil { row.contentType = old.contentType }
        if row.metadata.isEmpty { row.metadata = old.metadata }
        return row
    }
}
