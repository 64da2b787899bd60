import CacheProtocol
import S3Backend
import SQLiteBackend
import TieredBackend

/// Where the copies of a stream are: what the hot tier has, what the ledger says, and what the store answers.
public struct StreamCopies: Sendable {
    /// What the store answers.
    enum Cold: Sendable {
        /// It has this.
        case found(StoredCopy)
        /// It has nothing of that name.
        case nothing
        /// It can't be asked, or is not to be asked.
        case unknown(String)
    }

    /// What the hot tier has, where it is whole.
    let hot: IndexedStream?
    let record: LedgerReader.Record?
    /// Why the ledger can't be read.
    let ledgerFailure: String?
    let cold: Cold
    let now: Timestamp

    /// The tiers that have the whole stream, as far as that is known.
    var tiers: [StorageTier] {
        var tiers: [StorageTier] = []
        if self.hot != nil { tiers.append(.hot) }
        switch self.cold {
        case .found: if self.agrees { tiers.append(.cold) }
        case .nothing: break
        case .unknown: if self.record?.place == .copied { tiers.append(.cold) }
        }
        return tiers
    }

    /// Whether what the store has is a whole stream, and the same as the hot tier's where that has one.
    var agrees: Bool {
        guard case .found(let copy) = self.cold, copy.info.state == .sealed else { return false }
        if let sealed = copy.sealedSize, sealed != copy.info.size { return false }
        guard let hot = self.hot else { return true }
        return hot.size == copy.info.size && (hot.sha256 == nil || hot.sha256 == copy.info.sha256)
    }

    /// A line for each tier, and for the ledger.
    var facts: [(String, String)] {
        let tiers = self.tiers.map(\.rawValue).joined(separator: ", ")
        return [
            ("copies", tiers.isEmpty ? "none that is whole" : tiers), ("ledger", self.ledgerLine),
            ("cold tier", self.coldLine),
        ]
    }

    private var ledgerLine: String {
        if let failure = self.ledgerFailure { return failure }
        guard let record = self.record else {
            return self.hot == nil
                ? "says nothing of it" : "says nothing of it: the gateway compares it with the cold tier when it starts"
        }
        switch record.place {
        case .copied: return "copied, and verified then"
        case .filling: return "being read from the cold tier; the hot one has a part"
        case .conflict: return "not copied: the cold tier has another stream of this name"
        case .missing:
            return "the cold tier has lost it, or another gateway removed it there: kept, and not served"
        case .pending:
            let waiting = TimeSpan(from: min(record.since, self.now), to: self.now).short
            let failure = record.failure.map { "; failed \(record.attempts) times, the last time: \($0)" } ?? ""
            return "waits to be copied, for \(waiting)\(failure)"
        }
    }

    private var coldLine: String {
        switch self.cold {
        case .nothing: return "has nothing of this name"
        case .unknown(let why): return why
        case .found(let copy):
            guard copy.info.state == .sealed else { return "has a part, of an upload that broke off" }
            let size = "\(copy.info.size) bytes"
            if let sealed = copy.sealedSize, sealed != copy.info.size {
                return "has \(size), but \(sealed) were sealed"
            }
            if self.agrees { return "has \(size)" + (self.hot == nil ? "" : ", the same by size and SHA-256") }
            return "has another stream: \(size), SHA-256 \(copy.info.sha256?.description ?? "none")"
        }
    }

    /// What `--json` writes.
    struct Document: Encodable {
        var tiers: [String]
        /// The ledger's word: `pending`, `copied`, `filling`, `conflict` or `missing`.
        var ledger: String?
        var ledgerError: String?
        var since: String?
        var attempts: Int64?
        var failure: String?
        var coldSize: Int64?
        var coldSHA256: String?
        var isColdTheSame: Bool?
        var coldError: String?

        init(_ copies: StreamCopies) {
            self.tiers = copies.tiers.map(\.rawValue)
            self.ledger = copies.record?.place.rawValue
            self.ledgerError = copies.ledgerFailure
            self.since = copies.record?.since.text(precise: true)
            self.attempts = copies.record?.attempts
            self.failure = copies.record?.failure
            switch copies.cold {
            case .nothing: break
            case .unknown(let why): self.coldError = why
            case .found(let copy):
                self.coldSize = copy.info.size
                self.coldSHA256 = copy.info.sha256?.description
                self.isColdTheSame = copies.agrees
            }
        }
    }
}
