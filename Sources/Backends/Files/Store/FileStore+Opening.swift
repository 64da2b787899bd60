import CacheProtocol

extension FileStore {
    /// Opens a stream for one more reader.
    func openForReading(_ id: StreamID) async throws(CacheError) -> StreamFile {
        try await self.workers.perform { () throws(CacheError) in
            // Sealing renames the file between the two looks; then the next look finds it.
            for _ in 0..<3 {
                if let open = self.retainOpenStream(id) { return open }
                if let stream = try self.openFile(StreamFileName.sealed(id), of: id, .sealed) {
                    return self.adopt(stream, forReader: true)
                }
                if let stream = try self.openFile(StreamFileName.unfinished(id), of: id, .suspended) {
                    return self.adopt(stream, forReader: true)
                }
            }
            throw self.notFound(id)
        }
    }

    private func openFile(_ name: String, of id: StreamID, _ state: StreamState) throws(CacheError) -> StreamFile? {
        do throws(SystemCallError) {
            let file = try self.calls.open(name, in: self.directory.handle, .read)
            return StreamFile(try DirectoryCatalog.info(of: file, id: id, state: state, self.calls), file: file)
        } catch {
            if error.isNotFound { return nil }
            throw error.cacheError(for: id)
        }
    }

    /// Brings about the stream that a writer has reserved.
    func openForWriting(_ reservation: WriteReservation) async throws(CacheError) -> FileAppender {
        guard reservation.beginOpening() else { throw CacheError.superseded(reservation.id) }
        if let predecessor = reservation.takePredecessor() { await self.supersede(predecessor) }
        do throws(CacheError) {
            let appender = try await self.workers.perform { () throws(CacheError) in
                try self.makeAppender(reservation)
            }
            reservation.endOpening(appender)
            return appender
        } catch {
            reservation.endOpening(nil)
            throw error
        }
    }

    /// Makes sure that nothing of an earlier writer lands any more.
    private func supersede(_ predecessor: WriteReservation) async {
        if let earlier = predecessor.takePredecessor() { await self.supersede(earlier) }
        await predecessor.superseded()?.handOver()
    }

    private func makeAppender(_ reservation: WriteReservation) throws(CacheError) -> FileAppender {
        let id = reservation.id
        let options = reservation.options
        if options.mode == .overwrite {
            _ = try self.erase(id)
        } else if try self.isSealed(id) {
            throw CacheError(.streamExists, "The stream is sealed. Choose another id, or overwrite it.", streamID: id)
        }
        let file = try self.openUnfinished(id, options.mode)
        var info = try calling(for: id) { () throws(SystemCallError) in
            try DirectoryCatalog.info(of: file, id: id, state: .live, self.calls)
        }
        if info.size == 0 {
            info.createdAt = self.clock()
            info.contentType = options.contentType
            info.timeToLiveSeconds = options.timeToLiveSeconds
            info.metadata = options.metadata
        }
        try self.begin(info, file: file)
        let stream = self.adopt(StreamFile(info, file: file), forReader: false)
        stream.change(to: .live)
        return FileAppender(stream: stream, file: file, reservation: reservation, store: self)
    }

    private func isSealed(_ id: StreamID) throws(CacheError) -> Bool {
        try calling(for: id) { () throws(SystemCallError) in
            try self.calls.exists(StreamFileName.sealed(id), in: self.directory.handle)
        }
    }

    private func openUnfinished(_ id: StreamID, _ mode: WriteOptions.Mode) throws(CacheError) -> OpenFile {
        let name = StreamFileName.unfinished(id)
        do throws(SystemCallError) {
            return try self.calls.open(name, in: self.directory.handle, mode == .resume ? .openOrCreate : .create)
        } catch {
            guard error.isExisting else { throw error.cacheError(for: id) }
            throw CacheError(
                .streamExists,
                "The stream is suspended: an upload of it broke off. Resume it, overwrite it, or choose another id.",
                streamID: id
            )
        }
    }

    /// Tells the catalog; what it refuses is not begun.
    private func begin(_ info: StreamInfo, file: OpenFile) throws(CacheError) {
        do throws(CacheError) {
            try self.catalog.started(info, file: file)
        } catch {
            if info.size == 0 { try? self.calls.unlink(StreamFileName.unfinished(info.id), in: self.directory.handle) }
            throw error
        }
    }
}
