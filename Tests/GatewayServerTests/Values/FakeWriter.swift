import CacheProtocol
import Synchronization

/// Counts what becomes of writers.
final class WriterLedger: Sendable {
    struct Entries: Equatable {
        var made = 0
        /// Dropped, which suspends a stream.
        var dropped = 0
        /// Given away to be finished or aborted.
        var ended = 0
        var appended = 0
        var flushed = 0

        var alive: Int { self.made - self.dropped - self.ended }
    }

    private let storage = Mutex(Entries())

    var entries: Entries { self.storage.withLock { $0 } }

    func note(_ change: (inout Entries) -> Void) { self.storage.withLock { change(&$0) } }
}

/// A writer that writes nothing and cannot be lost sight of: it is dropped, or ended, once.
struct FakeWriter: ~Copyable {
    private let ledger: WriterLedger
    private var isEnded = false

    init(_ ledger: WriterLedger) {
        self.ledger = ledger
        ledger.note { $0.made += 1 }
    }

    deinit {
        if !self.isEnded { self.ledger.note { $0.dropped += 1 } }
    }

    mutating func append() { self.ledger.note { $0.appended += 1 } }

    mutating func flush() { self.ledger.note { $0.flushed += 1 } }

    consuming func end() {
        self.isEnded = true
        self.ledger.note { $0.ended += 1 }
    }
}
