import CacheProtocol
import Synchronization

extension FileStore {
    /// Makes a stream a sealed one: the bytes first, then what is known about them, then the name that says so. That it
    /// is sealed is for the caller to say.
    func seal(
        _ stream: StreamFile,
        file: OpenFile,
        size: Int64,
        sha256: SHA256Value?,
        original: StreamInfo? = nil
    ) throws(CacheError) -> StreamInfo {
        var info = stream.info
        info.state = .sealed
        info.size = size
        info.sha256 = sha256
        info.sealedAt = original?.sealedAt ?? max(self.clock.wall(), info.createdAt)
        info.durability = original?.durability ?? self.configuration.durability
        let sealed = info
        let found = try calling(for: stream.id) { () throws(SystemCallError) in try self.shorten(file, to: size) }
        guard found >= size else {
            throw CacheError(
                .io,
                "The stream's file has \(found) bytes of the \(size) that were stored: somebody cut it. Send it again.",
                streamID: stream.id
            )
        }
        try calling(for: stream.id) { () throws(SystemCallError) in
            try self.directory.remember(sealed, in: file)
        }
        try self.flush(file, of: stream, file: file)
        try self.publish(sealed)
        do throws(CacheError) {
            try self.flush(self.directory.handle, of: stream, file: file)
        } catch {
            self.unpublish(stream.id)
            throw error
        }
        return sealed
    }

    /// Gives back what was allocated for a file beyond its stream's end. It only gets shorter: lengthened, it would have
    /// zeros where somebody cut it.
    ///
    /// - Returns: How long the file was; less than `size` where somebody cut it, and then it is as it was.
    func shorten(_ file: OpenFile, to size: Int64) throws(SystemCallError) -> Int64 {
        let found = try self.calls.status(of: file).size
        if found >= size { try self.calls.truncate(file, to: size) }
        return found
    }

    /// Gives the file the name of a sealed one, and has the catalog say the same.
    private func publish(_ info: StreamInfo) throws(CacheError) {
        var isRenamed = false
        do throws(CacheError) {
            try self.catalog.seal(info) { () throws(CacheError) in
                try self.directory.finishRenaming(info.id)
                isRenamed = true
            }
        } catch {
            if isRenamed { self.unpublish(info.id) }
            throw error
        }
    }

    /// Takes the name back. Where that fails as well, the stream is sealed at the next start, with the right bytes.
    private func unpublish(_ id: StreamID) {
        try? self.calls.rename(StreamFileName.sealed(id), to: StreamFileName.unfinished(id), in: self.directory.handle)
    }

    /// Removes a stream that its writer aborted.
    func eraseAborted(_ stream: StreamFile) throws(CacheError) { _ = try self.erase(stream.id) }

    func isGone(_ id: StreamID) -> Bool {
        guard let sizes = try? self.directory.sizes(of: id) else { return false }
        return sizes.sealed == nil && sizes.unfinished == nil
    }

    /// Removes a stream's files; who reads them keeps what he has. The name is claimed, or reserved for the writer that
    /// asks for this.
    ///
    /// - Returns: Whether there was such a stream.
    func erase(_ id: StreamID) throws(CacheError) -> Bool {
        var files = 0
        let wasKnown = try self.catalog.remove(id) { () throws(CacheError) in files = try self.unlink(id) }
        self.table.detach(id)?.change(to: .removed)
        self.touches.forget(id)
        self.upkeepState.withLock { _ = $0.damaged.removeValue(forKey: id) }
        return files > 0 || wasKnown
    }

    /// - Returns: How many files there were.
    private func unlink(_ id: StreamID) throws(CacheError) -> Int {
        var (files, bytes) = (0, Int64(0))
        var failure: SystemCallError?
        for name in [StreamFileName.sealed(id), StreamFileName.unfinished(id)] {
            do throws(SystemCallError) {
                // What is no file has no size, and is unlinked or refused by the system like everything else.
                let size = try? self.calls.status(of: name, in: self.directory.handle).size
                try self.calls.unlink(name, in: self.directory.handle)
                files += 1
                bytes += size ?? 0
            } catch {
                if !error.isNotFound, failure == nil { failure = error }
            }
        }
        self.budget.give(bytes: bytes, streams: files > 0 ? 1 : 0)
        // A call that failed for a name under which there is nothing has kept nothing.
        if let failure, files == 0 || !self.isGone(id) { throw failure.cacheError(for: id) }
        return files
    }
}
