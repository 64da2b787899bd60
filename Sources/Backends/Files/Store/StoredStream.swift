public import CacheProtocol

/// What a stream's file tells about its stream: length and times from the file, the rest from its extended attributes.
public struct StoredStream: Hashable, Sendable {
    /// The facts. The state is ``StreamState/sealed`` or ``StreamState/suspended``, by the file's name.
    public var info: StreamInfo
    /// When the bytes changed last.
    public var modifiedAt: Timestamp
    /// How long the stream was when it was sealed, where that was remembered.
    public var sealedSize: Int64?
    /// Why the stream must not be sealed, where that is so.
    public var damage: String?

    /// Whether the file is sealed and not as long as it was then.
    public var isResized: Bool { self.info.state == .sealed && self.sealedSize.map { $0 != self.info.size } ?? false }
}

extension CacheDirectory {
    /// What the files of a stream tell; the sealed one's where there are two.
    ///
    /// - Parameters:
    ///   - id: The stream's name.
    ///   - asFarAsWritten: Whether to look how far bytes were written to an unfinished file, of which a power cut may
    ///     have left fewer than its length says. That flushes the file: not for many, nor for one that is written.
    /// - Returns: The facts, or `nil` where there is no file.
    /// - Throws: ``CacheError`` with code `io`, also where something else than a file has the name.
    public func stored(_ id: StreamID, asFarAsWritten: Bool = false) throws(CacheError) -> StoredStream? {
        try calling(for: id) { () throws(SystemCallError) in
            if let sealed = try self.stored(id, isSealed: true, asFarAsWritten) { return sealed }
            return try self.stored(id, isSealed: false, asFarAsWritten)
        }
    }

    /// Whether a stream has a sealed or an unfinished file, without looking into either.
    ///
    /// - Parameter id: The stream's name.
    /// - Returns: The length of each file that there is.
    /// - Throws: ``CacheError`` with code `io`, also where something else than a file has the name.
    public func sizes(of id: StreamID) throws(CacheError) -> (sealed: Int64?, unfinished: Int64?) {
        try calling(for: id) { () throws(SystemCallError) in
            (
                try self.size(of: StreamFileName.sealed(id)),
                try self.size(of: StreamFileName.unfinished(id))
            )
        }
    }

    /// Gives an unfinished file the name of a sealed one.
    ///
    /// - Parameter id: The stream's name.
    /// - Throws: ``CacheError`` with code `io` or `storage_full`.
    public func finishRenaming(_ id: StreamID) throws(CacheError) {
        try calling(for: id) { () throws(SystemCallError) in
            try self.calls.rename(
                StreamFileName.unfinished(id),
                to: StreamFileName.sealed(id),
                in: self.handle
            )
        }
    }

    /// Calls `body` with every stream that has a file, in no order; a stream with two files comes twice.
    ///
    /// - Parameter body: Told the name, and whether the file is that of a sealed stream; returns whether to go on.
    /// - Throws: ``CacheError`` with code `io`.
    public func forEachFile(_ body: (StreamID, _ isSealed: Bool) -> Bool) throws(CacheError) {
        try calling { () throws(SystemCallError) in
            try self.calls.names(in: self.handle) { name in
                guard let (id, isSealed) = StreamFileName.parse(name) else { return true }
                return body(id, isSealed)
            }
        }
    }

    private func size(of name: String) throws(SystemCallError) -> Int64? {
        do throws(SystemCallError) {
            return try self.calls.status(of: name, in: self.handle).size
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    private func stored(
        _ id: StreamID,
        isSealed: Bool,
        _ asFarAsWritten: Bool
    ) throws(SystemCallError) -> StoredStream? {
        let name = isSealed ? StreamFileName.sealed(id) : StreamFileName.unfinished(id)
        do throws(SystemCallError) {
            let file = try self.calls.open(name, in: self.handle, .read)
            return try self.stored(
                in: file,
                id: id,
                state: isSealed ? .sealed : .suspended,
                asFarAsWritten: asFarAsWritten
            )
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// Cuts an unfinished file where its bytes end.
    ///
    /// A power cut may leave it longer than what had got to the device: the length is in the file system's journal, and
    /// the bytes were not written. Nobody may have the stream open.
    ///
    /// - Parameter id: The stream's name.
    /// - Throws: ``CacheError`` with code `io`.
    public func cutAtEndOfBytes(_ id: StreamID) throws(CacheError) {
        try calling(for: id) { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let file = try self.calls.open(StreamFileName.unfinished(id), in: self.handle, .update)
                let size = try self.calls.status(of: file).size
                let end = try self.endOfBytes(in: file, size: size, asFarAsWritten: true)
                if end < size { try self.calls.truncate(file, to: end) }
            } catch {
                if !error.isNotFound { throw error }
            }
        }
    }

    /// The facts that an open file tells about its stream; see ``stored(_:asFarAsWritten:)``.
    func stored(
        in file: OpenFile,
        id: StreamID,
        state: StreamState,
        asFarAsWritten: Bool
    ) throws(SystemCallError) -> StoredStream {
        let status = try self.calls.status(of: file)
        let modified = Timestamp(millisecondsSinceEpoch: status.modifiedMilliseconds)
        var stored = StoredStream(
            info: StreamInfo(id: id, state: state, size: status.size, createdAt: modified),
            modifiedAt: modified
        )
        if let record = try self.calls.attribute(StreamRecord.attribute, of: file).flatMap(StreamRecord.init(bytes:)) {
            record.complete(&stored.info)
            stored.sealedSize = record.size
            stored.damage = record.damage
        }
        if state != .sealed {
            stored.info.size = try self.endOfBytes(in: file, size: status.size, asFarAsWritten: asFarAsWritten)
        } else {
            if stored.info.sealedAt == nil { stored.info.sealedAt = modified }
            let read = try self.calls.attribute(StreamRecord.readAttribute, of: file)
            let milliseconds = read.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
            stored.info.lastReadAt = milliseconds.map(Timestamp.init(millisecondsSinceEpoch:))
        }
        return stored
    }
}
