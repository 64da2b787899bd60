import CacheProtocol
import FileBackendSupport
import FileStorage
import GRDB
import Synchronization

@testable import SQLiteBackend

extension FileBench {
    /// A bench for the SQLite backend.
    static func sqlite() throws -> FileBench {
        try FileBench { configuration, calls, clock, logger in
            let backend = try SQLiteBackend(
                configuration: configuration,
                processID: 4_711,
                calls: calls,
                clock: clock,
                logger: logger
            )
            let index = backend.index
            return Made(
                backend: backend,
                store: backend.store,
                rows: { ((try? index.streams()) ?? []).map { "the row of \($0.id)" } },
                fillCatalog: { isFull in index.fail(isFull ? .SQLITE_FULL : nil) }
            )
        }
    }
}

extension StreamIndex {
    /// Has every write of the index fail from now on; `nil` ends that.
    func fail(_ code: ResultCode?) {
        self.interference.withLock { interference in
            interference = nil
            if let code { interference = { throw DatabaseError(resultCode: code) } }
        }
    }
}
