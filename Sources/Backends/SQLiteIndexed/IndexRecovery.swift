import CacheProtocol
import FileStorage

/// Makes index and files agree after whatever happened to either. It can be interrupted anywhere and done again.
struct IndexRecovery {
    /// How many streams are looked at in one transaction.
    private static let batch = 1_000

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
            for row in rows { try self.mendNoting(row.id) }
            guard rows.count == Self.batch, let last = rows.last else { return }
            query.after = last.id
        }
    }

    /// Looks at everything, while streams are written and read.
    mutating func mendAll(
        counter: RecoveryCounter,
        claim: (StreamID, () throws(CacheError) -> Void) throws(CacheError) -> Bool
    ) throws(CacheError) {
        try self.lookThroughFiles(counter, claim)
        try self.lookThroughRows(claim)
    }

    private mutating func lookThroughFiles(
        _ counter: RecoveryCounter,
        _ claim: (StreamID, () throws(CacheError) -> Void) throws(CacheError) -> Bool
    ) throws(CacheError) {
        var batch: [StreamID: Bool] = [:]
        var failure: CacheError?
        // The directory is read while rows are mended: what is renamed meanwhile may be seen twice or not at all; the
        // look through the rows finds it.
        try self.directory.forEachFile { id, isSealed in
            batch[id] = isSealed || batch[id] ?? false
            counter.add(1)
            guard batch.count == Self.batch else { return true }
            do throws(CacheError) {
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
    private mutating func compare(
        _ files: [StreamID: Bool],
        _ claim: (StreamID, () throws(CacheError) -> Void) throws(CacheError) -> Bool
    ) throws(CacheError) {
        let states = try self.index.states(of: Array(files.keys))
        for (id, isSealed) in files {
            switch (states[id], isSealed) {
            case (.sealed, true), (.suspended, false): continue
            default: try self.mend(id, claim)
            }
        }
    }

    private mutating func lookThroughRows(
        _ claim: (StreamID, () throws(CacheError) -> Void) throws(CacheError) -> Bool
    ) throws(CacheError) {
        var cursor: StreamID?
        while true {
            let rows = try self.index.outlines(after: cursor, limit: Self.batch)
            for row in rows where row.state != .missing {
                if let sizes = try? self.directory.sizes(of: row.id),
                    IndexMending(row: (row.state, row.size), sealed: sizes.sealed, unfinished: sizes.unfinished)
                        == .nothing
                {
                    continue
                }
                try self.mend(row.id, claim)
            }
            guard rows.count == Self.batch else { return }
            cursor = rows.last?.id
        }
    }

    private mutating func mend(
        _ id: StreamID,
        _ claim: (StreamID, () throws(CacheError) -> Void) throws(CacheError) -> Bool
    ) throws(CacheError) {
        _ = try claim(id) { () throws(CacheError) in try self.mendNoting(id) }
    }

    /// One stream's trouble is not the others'; the index's is.
    private mutating func mendNoting(_ id: StreamID) throws(CacheError) {
        do throws(CacheError) {
            try self.mend(id)
        } catch {
            guard error.cause is SystemCallError else { throw error }
            self.report.note(problem: error.message)
        }
    }

    private mutating func mend(_ id: StreamID) throws(CacheError) {
        let row = try self.index.stream(id)
        let sizes = try self.directory.sizes(of: id)
        let known = row.flatMap { $0.state == .missing ? nil : $0 }
        switch IndexMending(
            row: row.map { ($0.state, $0.size) },
            sealed: sizes.sealed,
            unfinished: sizes.unfinished
        ) {
        case .nothing: break
        case .report(let finding): self.report.note(finding, id)
        case .rename:
            try self.directory.finishRenaming(id)
            self.report.note(.renamed, id)
        case .markMissing:
            guard var row else { return }
            row.state = .missing
            row.changedAt = self.now
            try self.index.put([row])
            self.change(from: known, to: nil)
            self.report.note(.missing, id)
        case .follow(let finding):
            guard let stored = try self.directory.stored(id) else { return }
            let mended = Self.row(stored, was: row)
            try self.index.put([mended])
            self.change(from: known, to: mended)
            self.report.note(finding, id)
        }
    }

    private mutating func change(from old: IndexedStream?, to new: IndexedStream?) {
        self.report.change.streams += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        let bytes = (new?.size ?? 0) - (old?.size ?? 0)
        self.report.change.bytes = self.report.change.bytes.addingClamped(bytes)
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
