public import CacheProtocol
import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A gateway's ledger looked at from outside, also while the gateway is at work. Nothing is changed.
///
/// Calls may wait for the device.
public struct LedgerReader: Sendable {
    /// What the ledger says of a stream.
    public struct Record: Hashable, Sendable {
        /// Where the stream is.
        public var place: TierPlace
        /// Its length in bytes when that was noted.
        public var size: Int64
        /// Since when the ledger knows of the stream.
        public var since: Timestamp
        /// When it is copied next, where it is ``TierPlace/pending``.
        public var due: Timestamp
        /// How often copying it has failed.
        public var attempts: Int64
        /// Why it failed last.
        public var failure: String?
    }

    private let path: String
    private let database: any DatabaseReader

    /// Opens a ledger that is there.
    ///
    /// - Parameter path: The file's path.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `io` that names the file.
    public init(path: String) throws(CacheError) {
        // Without this SQLite would make an empty file of any name that it is given.
        guard FileManager.default.fileExists(atPath: path) else {
            throw CacheError(
                .io,
                "There is no ledger \(path). The gateway makes it at its first start; relative paths begin at the working "
                    + "directory."
            )
        }
        self.path = path
        self.database = try Ledger.translating(path) {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            configuration.label = "ledger"
            return try DatabaseQueue(path: path, configuration: configuration)
        }
    }

    /// What the ledger says of a stream; `nil` where it says nothing.
    ///
    /// - Parameter id: The stream.
    /// - Returns: What it says.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `io` where the ledger can't be read.
    public func record(of id: StreamID) throws(CacheError) -> Record? {
        try Ledger.translating(self.path) {
            try self.database.read { db in
                let sql = "SELECT place, size, since, due, attempts, failure FROM streams WHERE id = ?"
                guard let row = try Row.fetchOne(db, sql: sql, arguments: [id.rawValue]) else { return nil }
                // Whatever is in a file that anybody could have written, it is not to end the process.
                func number(_ column: Int) -> Int64 { Int64.fromDatabaseValue(row[column]) ?? 0 }
                guard let place = String.fromDatabaseValue(row[0]).flatMap(TierPlace.init(rawValue:)) else {
                    return nil
                }
                return Record(
                    place: place,
                    size: number(1),
                    since: Timestamp(millisecondsSinceEpoch: number(2)),
                    due: Timestamp(millisecondsSinceEpoch: number(3)),
                    attempts: number(4),
                    failure: String.fromDatabaseValue(row[5])
                )
            }
        }
    }
}
