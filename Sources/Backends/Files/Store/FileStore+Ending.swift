import CacheProtocol

extension FileStore {
    /// Makes a stream a sealed one: the bytes first, then what is known about them, then the name that says so.
    func seal(
        _ stream: StreamFile,
        file: OpenFile,
        size: Int64,
        sha256: SHA256Value?
    ) throws(CacheError) -> StreamInfo {
        var info = stream.info
        info.state = .sealed
        info.size = size
        info.sha256 = sha256
        info.sealedAt = self.clock()
        info.durability = self.configuration.durability
        do throws(SystemCallError) {
            try self.calls.truncate(file, to: size)
        } catch {
            throw error.cacheError(for: stream.id)
        }
        try self.catalog.seal(info, file: file) { () throws(CacheError) in
            do throws(SystemCallError) {
                let isPowerSafe = self.configuration.durability == .power
                if isPowerSafe { try self.calls.flush(file) }
                try self.calls.rename(
                    StreamFileName.unfinished(stream.id),
                    to: StreamFileName.sealed(stream.id),
                    in: self.directory.handle
                )
                if isPowerSafe { try self.calls.flush(self.directory.handle) }
            } catch {
                throw error.cacheError(for: stream.id)
            }
        }
        stream.change(to: .sealed) { $0 = info }
        return info
    }

    /// A writer is done with its stream.
    func writerEnded(_ appender: FileAppender) { self.giveUp(appender.reservation) }

    /// Removes a stream that its writer aborted.
    func eraseAborted(_ stream: StreamFile) throws(CacheError) { _ = try self.erase(stream.id) }

    /// Removes a stream's files; who reads them keeps what he has.
    ///
    /// - Returns: Whether there was such a stream.
    func erase(_ id: StreamID) throws(CacheError) -> Bool {
        var isFound = false
        for name in [StreamFileName.sealed(id), StreamFileName.unfinished(id)] {
            do throws(SystemCallError) {
                try self.calls.unlink(name, in: self.directory.handle)
                isFound = true
            } catch {
                guard error.isNotFound else { throw error.cacheError(for: id) }
            }
        }
        self.detach(id)?.change(to: .removed)
        self.catalog.removed(id)
        return isFound
    }
}
