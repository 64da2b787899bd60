import CacheProtocol
import FileBackendSupport
import FileStorage
import GRDB
import Synchronization
import Testing

@testable import SQLiteBackend

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension FileBench {
    /// A bench for the SQLite backend, over an empty directory or over one that is there.
    static func sqlite(at path: String? = nil) throws -> FileBench {
        try FileBench(at: path) { configuration, calls, clock, logger in
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
                fillCatalog: { isFull in index.fail(isFull ? .SQLITE_FULL : nil) },
                disagreements: { try index.disagreements(inDirectory: configuration.directory) }
            )
        }
    }

    /// The index's file.
    var indexPath: String { self.file(StreamIndex.fileName) }
}

extension FileBench.Made {
    /// The index of a SQLite backend.
    var index: StreamIndex { get throws { try #require(self.backend as? SQLiteBackend).index } }
}

extension StreamIndex {
    /// Has every write of the index fail from now on; `nil` ends that.
    func fail(_ code: ResultCode?) {
        guard let code else { return self.beforeCommit(nil) }
        self.beforeCommit { throw DatabaseError(resultCode: code) }
    }

    /// Does something in each writing transaction, before it is committed.
    func beforeCommit(_ body: (@Sendable () throws -> Void)?) { self.interference.withLock { $0 = body } }

    /// Where rows say something else than the files, a phrase each. What follows the end that readers see of an
    /// unfinished stream is nobody's, and cut off when the stream is gone on with.
    func disagreements(inDirectory path: String) throws -> [String] {
        var files = Set(
            try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.hasSuffix(".part") || $0.hasSuffix(".audio") }
        )
        var findings: [String] = []
        for row in try self.streams() {
            guard row.state != .missing else {
                if files.contains(row.file) { findings.append("\(row.file) is there, and missing by its row") }
                continue
            }
            guard files.remove(row.file) != nil else {
                findings.append("\(row.file) is not there, and \(row.state) by its row")
                continue
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(row.file)")
            let size = (attributes[.size] as? Int64) ?? (attributes[.size] as? Int).map(Int64.init) ?? -1
            let isSealed = row.file.hasSuffix(".audio")
            if isSealed != (row.state == .sealed) { findings.append("\(row.file) is \(row.state) by its row") }
            if isSealed ? size != row.size : size < row.size {
                findings.append("\(row.file) has \(size) bytes, and \(row.size) by its row")
            }
        }
        return findings + files.sorted().map { "\($0) has no row" }
    }
}
