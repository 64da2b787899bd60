import CacheProtocol
import Logging
import Synchronization

extension FileStore {
    /// Opens a stream for one more reader.
    func openForReading(_ id: StreamID) async throws(CacheError) -> StreamFile {
        try await self.workers.perform { () throws(CacheError) in
            // Sealing renames the file between the two looks, and overwriting replaces it; then the next look finds it.
            for _ in 0..<4 {
                if let open = self.retainOpenStream(id) { return open }
                let generation = self.table.beginLooking(for: id)
                defer { self.close(self.table.endLooking(for: id)) }
                var found = try self.openFile(StreamFileName.sealed(id), of: id, .sealed)
                if found == nil { found = try self.openFile(StreamFileName.unfinished(id), of: id, .suspended) }
                guard let found else { continue }
                try self.expectSize(of: found, foundAt: generation)
                guard let stream = self.table.adopt(found, foundAt: generation) else { continue }
                self.touches.touch(id, at: self.clock.wall())
                return stream
            }
            self.noteLoss(id)
            throw self.notFound(id)
        }
    }

    private func openFile(_ name: String, of id: StreamID, _ state: StreamState) throws(CacheError) -> StreamFile? {
        let file: OpenFile
        let stored: StoredStream
        do throws(SystemCallError) {
            file = try self.calls.open(name, in: self.directory.handle, .read)
            stored = try self.directory.stored(in: file, id: id, state: state, asFarAsWritten: true)
        } catch {
            if error.isNotFound { return nil }
            throw error.cacheError(for: id)
        }
        if let sealedSize = stored.sealedSize, stored.isResized {
            throw self.resized(id, file, stored.info, sealedSize)
        }
        return StreamFile(stored.info, file: file)
    }

    /// A file may be as long as it says itself and be an earlier one of its name, whose removal a power cut undid.
    private func expectSize(of found: StreamFile, foundAt generation: Int) throws(CacheError) {
        guard found.state == .sealed, let sealedSize = (try? self.catalog.sealedSize(of: found.id)) ?? nil,
            sealedSize != found.stored, self.table.isCurrent(generation, of: found.id)
        else { return }
        throw self.resized(found.id, found.file, found.info, sealedSize)
    }

    private func resized(_ id: StreamID, _ file: OpenFile, _ info: StreamInfo, _ sealedSize: Int64) -> CacheError {
        CacheError(
            .io,
            "\(file.path) has \(info.size) bytes, but \(sealedSize) were sealed. Restore the file, or remove the stream.",
            streamID: id
        )
    }

    /// Tells the catalog where it knows a stream of which there is no file.
    private func noteLoss(_ id: StreamID) {
        guard (try? self.catalog.info(id)) != nil, self.table.claim(id, evenIfRead: true) else { return }
        defer { self.close(self.table.unclaim(id)) }
        guard let sizes = try? self.directory.sizes(of: id), sizes.sealed == nil, sizes.unfinished == nil else {
            return
        }
        self.logger.error("a stream's file is gone", metadata: ["stream": "\(id)"])
        self.catalog.lost(id)
    }

    /// Brings about the stream that a writer has reserved.
    func openForWriting(_ reservation: WriteReservation) async throws(CacheError) -> FileAppender {
        guard reservation.beginOpening() else { throw CacheError.superseded(reservation.id) }
        await self.table.unclaimed(reservation.id)
        if let predecessor = reservation.takePredecessor() { await self.supersede(predecessor) }
        do throws(CacheError) {
            let appender = try await self.workers.perform { () throws(CacheError) in
                do throws(CacheError) {
                    return try self.makeAppender(reservation)
                } catch {
                    self.leaveUnopened(reservation.id)
                    throw error
                }
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
        // It is stopped first: one that had no predecessor any more would open while that still writes.
        let appender = await predecessor.superseded()
        if let earlier = predecessor.takePredecessor() { await self.supersede(earlier) }
        await appender?.handOver()
    }

    /// The stream of a predecessor that was ended for a writer that then could not open it: nobody writes it now.
    private func leaveUnopened(_ id: StreamID) {
        guard let stream = self.table.stream(id), stream.state == .live else { return }
        stream.change(to: .suspended)
        self.catalog.suspended(stream.info)
    }

    private func makeAppender(_ reservation: WriteReservation) throws(CacheError) -> FileAppender {
        let id = reservation.id
        let options = reservation.options
        if options.mode == .overwrite {
            _ = try self.erase(id)
        } else if try self.directory.sizes(of: id).sealed != nil {
            throw CacheError(.streamExists, "The stream is sealed. Choose another id, or overwrite it.", streamID: id)
        }
        if options.mode == .resume, let file = try self.openSuspended(id) {
            return try self.resume(reservation, file)
        }
        // Whoever reads the stream of a file that somebody removed keeps that, and nothing of it is in the new one.
        if self.table.stream(id) != nil, self.isGone(id) { self.table.detach(id)?.change(to: .removed) }
        try self.takeRoom(bytes: 0, streams: 1, for: id)
        do throws(CacheError) {
            return try self.begin(reservation, try self.createFile(id))
        } catch {
            self.budget.give(bytes: 0, streams: 1)
            throw error
        }
    }

    private func openSuspended(_ id: StreamID) throws(CacheError) -> OpenFile? {
        do throws(SystemCallError) {
            return try self.calls.open(StreamFileName.unfinished(id), in: self.directory.handle, .update)
        } catch {
            if error.isNotFound { return nil }
            throw error.cacheError(for: id)
        }
    }

    private func createFile(_ id: StreamID) throws(CacheError) -> OpenFile {
        do throws(SystemCallError) {
            return try self.calls.open(StreamFileName.unfinished(id), in: self.directory.handle, .create)
        } catch {
            guard error.isExisting else { throw error.cacheError(for: id) }
            throw CacheError(
                .streamExists,
                "The stream is suspended: an upload of it broke off. Resume it, overwrite it, or choose another id.",
                streamID: id
            )
        }
    }

    /// Goes on with a stream.
    private func resume(_ reservation: WriteReservation, _ file: OpenFile) throws(CacheError) -> FileAppender {
        let stored = try calling(for: reservation.id) { () throws(SystemCallError) in
            try self.directory.stored(in: file, id: reservation.id, state: .live, asFarAsWritten: true)
        }
        if let damage = stored.damage ?? self.upkeepState.withLock({ $0.damaged[reservation.id] }) {
            throw Self.error("can't be gone on with", damage, reservation.id)
        }
        let end = stored.info.size
        try calling(for: reservation.id) { () throws(SystemCallError) in
            // What a power cut left behind the end would count as the stream's bytes once the file is a bit longer.
            if try self.calls.status(of: file).size > end { try self.calls.truncate(file, to: end) }
            if self.configuration.durability != .power { _ = try self.directory.remember(flushed: nil, in: file) }
        }
        let appender = try self.appender(reservation, file, stored.info)
        // How far it is safe is known by this boot's name before it grows.
        try self.secure(appender.stream, file: file)
        return appender
    }

    /// Begins a stream; where that fails, there is none.
    private func begin(_ reservation: WriteReservation, _ file: OpenFile) throws(CacheError) -> FileAppender {
        let createdAt = reservation.options.original?.createdAt ?? self.clock.wall()
        let info = StreamInfo(beginning: reservation.id, reservation.options, at: createdAt)
        do throws(CacheError) {
            if self.configuration.durability == .power {
                _ = try calling(for: info.id) { () throws(SystemCallError) in
                    try self.directory.remember(flushed: 0, in: file)
                }
            }
            return try self.appender(reservation, file, info)
        } catch {
            try? self.calls.unlink(StreamFileName.unfinished(reservation.id), in: self.directory.handle)
            self.table.detach(info.id)?.change(to: .removed)
            throw error
        }
    }

    private func appender(
        _ reservation: WriteReservation,
        _ file: OpenFile,
        _ info: StreamInfo
    ) throws(CacheError) -> FileAppender {
        try calling(for: info.id) { () throws(SystemCallError) in try self.directory.remember(info, in: file) }
        try self.catalog.started(info)
        // A reader may have opened the file since it was made: then its stream is the one, with our facts.
        let stream = self.table.adoptForWriter(StreamFile(info, file: file))
        stream.change(to: .live) { $0 = info }
        return FileAppender(stream: stream, file: file, reservation: reservation, store: self)
    }
}
