public import CacheProtocol

/// The directory as its own catalog: names tell the state, extended attributes the rest. A listing reads the whole
/// directory, in memory that does not grow with it.
public struct DirectoryCatalog: StreamCatalog {
    private let directory: CacheDirectory

    /// A catalog of what is in `directory`.
    ///
    /// - Parameter directory: The cache directory.
    public init(_ directory: CacheDirectory) { self.directory = directory }

    public var listing: Capabilities.Support { .emulated }

    public func started(_ info: StreamInfo, file: OpenFile) throws(CacheError) { try self.write(info, to: file) }

    public func seal(
        _ info: StreamInfo,
        file: OpenFile,
        publish: () throws(CacheError) -> Void
    ) throws(CacheError) {
        try self.write(info, to: file)
        try publish()
    }

    public func suspended(_ info: StreamInfo) {}

    public func removed(_ id: StreamID) {}

    public func touched(_ id: StreamID, at time: Timestamp) {}

    public func info(_ id: StreamID) throws(CacheError) -> StreamInfo? {
        if let info = try self.read(StreamFileName.sealed(id), of: id, state: .sealed) { return info }
        return try self.read(StreamFileName.unfinished(id), of: id, state: .suspended)
    }

    public func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) throws(CacheError) -> StreamPage {
        var found: [StreamInfo] = []
        var last = cursor
        while true {
            let (ids, isComplete) = try self.ids(admittedBy: filter, after: last, limit: max(4 * limit, 1_024))
            for id in ids {
                last = id
                guard let info = try self.info(id), filter.matches(info) else { continue }
                guard found.count < limit else { return StreamPage(streams: found, next: found.last?.id) }
                found.append(info)
            }
            if isComplete { return StreamPage(streams: found, next: nil) }
        }
    }

    /// The lowest ids beyond a cursor, sorted, and whether those are all.
    private func ids(
        admittedBy filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) throws(CacheError) -> (ids: [StreamID], isComplete: Bool) {
        var ids: Set<StreamID> = []
        var isComplete = true
        do throws(SystemCallError) {
            try self.directory.calls.names(in: self.directory.handle) { name in
                guard let id = StreamFileName.parse(name)?.id, filter.admits(id) else { return true }
                if let cursor, id <= cursor { return true }
                ids.insert(id)
                if ids.count >= 2 * limit {
                    ids = Set(ids.sorted().prefix(limit))
                    isComplete = false
                }
                return true
            }
        } catch {
            throw error.cacheError()
        }
        let sorted = ids.sorted()
        return sorted.count > limit ? (Array(sorted.prefix(limit)), false) : (sorted, isComplete)
    }

    private func write(_ info: StreamInfo, to file: OpenFile) throws(CacheError) {
        let record = StreamRecord(info)
        do throws(SystemCallError) {
            try self.directory.calls.setAttribute(StreamRecord.attribute, to: record.bytes, of: file)
        } catch {
            // Without extended attributes a stream is a file and nothing more, which is what it would have been
            // anyway; refusing it would be worse than forgetting its labels.
            guard error.isUnsupported else { throw error.cacheError(for: info.id) }
        }
    }

    private func read(_ name: String, of id: StreamID, state: StreamState) throws(CacheError) -> StreamInfo? {
        let calls = self.directory.calls
        do throws(SystemCallError) {
            let file = try calls.open(name, in: self.directory.handle, .read)
            return try Self.info(of: file, id: id, state: state, calls)
        } catch {
            if error.isNotFound { return nil }
            throw error.cacheError(for: id)
        }
    }

    /// The facts that an open file tells about its stream.
    static func info(
        of file: OpenFile,
        id: StreamID,
        state: StreamState,
        _ calls: any FileCalls
    ) throws(SystemCallError) -> StreamInfo {
        let status = try calls.status(of: file)
        let modified = Timestamp(millisecondsSinceEpoch: status.modifiedMilliseconds)
        var info = StreamInfo(id: id, state: state, size: status.size, createdAt: modified)
        let attribute = try calls.attribute(StreamRecord.attribute, of: file)
        if let record = attribute.flatMap(StreamRecord.init(bytes:)) {
            record.complete(&info)
        } else if state == .sealed {
            info.sealedAt = modified
        }
        return info
    }
}
