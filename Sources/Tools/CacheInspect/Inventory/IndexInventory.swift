import CacheProtocol
import SQLiteBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The index of the SQLite backend as an inventory.
struct IndexInventory: StreamInventory {
    /// An index up to this size counts its rows, some 150,000, in about 20 ms.
    private static let quickSize: Int64 = 64 << 20

    let index: StreamIndex

    /// Opens an index that is there, also while a gateway writes it.
    init(path: String, access: StreamIndex.Access) throws(InspectError) {
        do throws(CacheError) {
            self.index = try StreamIndex(path: path, access: access)
        } catch {
            let code: InspectError.Code =
                switch error.code {
                case .streamNotFound: .noIndex
                case .configuration: .configuration
                case .limit: .busy
                default: .io
                }
            throw InspectError(code, error.message)
        }
    }

    var isIndex: Bool { true }

    var countsQuickly: Bool {
        var info = stat()
        return stat(self.index.path, &info) == 0 && Int64(info.st_size) <= Self.quickSize
    }

    func streams(_ query: StreamIndexQuery) throws(InspectError) -> [IndexedStream] {
        try Self.asking { () throws(CacheError) in try self.index.streams(query) }
    }

    func stream(_ id: StreamID) throws(InspectError) -> IndexedStream? {
        try Self.asking { () throws(CacheError) in try self.index.stream(id) }
    }

    func states(of ids: [StreamID]) throws(InspectError) -> [StreamID: IndexedStream.State] {
        try Self.asking { () throws(CacheError) in try self.index.states(of: ids) }
    }

    func totals(_ query: StreamIndexQuery) throws(InspectError) -> [IndexedStream.State: StreamIndex.Totals] {
        try Self.asking { () throws(CacheError) in try self.index.totals(query) }
    }

    func histogram(of measure: StreamIndex.Measure, bounds: [Int64]) throws(InspectError) -> [StreamIndex.Totals] {
        try Self.asking { () throws(CacheError) in try self.index.histogram(of: measure, bounds: bounds) }
    }

    func record(
        _ verification: IndexedStream.Verification,
        of stream: IndexedStream,
        at time: Timestamp
    ) throws(InspectError) -> Bool {
        try Self.asking { () throws(CacheError) in try self.index.record(verification, of: stream, at: time) }
    }

    private static func asking<Value>(_ body: () throws(CacheError) -> Value) throws(InspectError) -> Value {
        do throws(CacheError) {
            return try body()
        } catch {
            throw InspectError.from(error)
        }
    }
}
