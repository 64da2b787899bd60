import CacheProtocol
import Logging
import Synchronization

extension FileStore {
    /// Has the device store what was written, where that is promised.
    ///
    /// A failure is final: the system reports it once and takes the bytes for stored after that (fsync(2)), so that a
    /// second try would succeed without their being there. The stream must come from its source again.
    func flush(_ target: OpenFile, of stream: StreamFile, file: OpenFile) throws(CacheError) {
        guard self.configuration.durability == .power else { return }
        if let damage = self.upkeepState.withLock({ $0.damaged[stream.id] }) {
            throw Self.error("can't be kept", damage, stream.id)
        }
        do throws(SystemCallError) {
            try self.calls.flush(target)
        } catch {
            let damage = "its bytes may not have reached the device: \(error)."
            // By the time that fails, the name may be that of another stream.
            if self.table.stream(stream.id) === stream {
                self.upkeepState.withLock { $0.damaged[stream.id] = damage }
            }
            try? self.directory.remember(damage: damage, of: stream.info, in: file)
            throw error.cacheError(for: stream.id)
        }
    }

    /// What is said of a stream whose bytes may not have reached the device.
    static func error(_ consequence: String, _ damage: String, _ id: StreamID) -> CacheError {
        CacheError(
            .io,
            "The stream \(consequence): \(damage) Send it again from its start (overwrite), or remove it.",
            streamID: id
        )
    }

    /// Has the device store what an unfinished stream has, and remembers how far that is, where that is promised.
    func secure(_ stream: StreamFile, file: OpenFile) throws(CacheError) {
        guard self.configuration.durability == .power else { return }
        try stream.secure { length, isFirst throws(CacheError) in
            try self.flush(file, of: stream, file: file)
            if isFirst { try self.flush(self.directory.handle, of: stream, file: file) }
            return try calling(for: stream.id) { () throws(SystemCallError) in
                try self.directory.remember(flushed: length, in: file)
            }
        }
    }

    /// Has the device store what live streams have got since this was last done, so that a power cut takes little of a
    /// long recording.
    func secureLiveStreams() {
        guard self.configuration.durability == .power else { return }
        for stream in self.table.streams where stream.state == .live && stream.isInsecure {
            do throws(CacheError) {
                try self.secure(stream, file: stream.file)
            } catch {
                self.logger.error(
                    "what a live stream has got can't be stored for good",
                    metadata: ["stream": "\(stream.id)", "error": "\(error)"]
                )
            }
        }
    }
}
