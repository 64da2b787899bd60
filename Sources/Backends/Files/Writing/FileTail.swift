import CacheProtocol
import Crypto
import Synchronization

/// The end of a stream's file, where its bytes are stored: allocated ahead, and digested where that is wanted.
struct FileTail {
    private let stream: StreamFile
    private let file: OpenFile
    private let store: FileStore
    private var extents: ExtentPlan
    private var canPreallocate = true
    private var hasher: SHA256?
    private var hashed: Int64 = 0

    init(stream: StreamFile, file: OpenFile, expectedSize: Int64?, store: FileStore) {
        self.stream = stream
        self.file = file
        self.store = store
        self.extents = ExtentPlan(size: stream.stored, expectedSize: expectedSize)
        self.hasher = store.configuration.digest == .sha256 ? SHA256() : nil
    }

    /// Stores bytes behind those that are there; where that fails, nothing of them.
    ///
    /// - Parameter prepaid: For how many of them room was taken in the budget before.
    mutating func append(_ bytes: UnsafeRawBufferPointer, prepaid: Int64) throws(CacheError) {
        let offset = self.stream.stored
        var paid = prepaid
        do throws(CacheError) {
            try self.store.takeRoom(bytes: Int64(bytes.count) - prepaid, for: self.stream.id)
            paid = Int64(bytes.count)
            try self.makeRoom(upTo: offset + Int64(bytes.count))
            try self.writeAll(bytes, at: offset)
        } catch {
            self.store.budget.give(bytes: paid)
            throw error
        }
        self.stream.store(upTo: offset + Int64(bytes.count), latest: bytes)
    }

    private mutating func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(CacheError) {
        // What was there before is digested first, so that a failure to read it is found before bytes are taken.
        if self.hasher != nil { try self.digest(upTo: offset) }
        do throws(SystemCallError) {
            var written = 0
            while written < bytes.count {
                written += try self.store.calls.writeSome(
                    UnsafeRawBufferPointer(rebasing: bytes[written...]),
                    to: self.file,
                    at: offset + Int64(written)
                )
            }
        } catch {
            // A part may have been written: readers are never told of it, and resuming starts before it.
            try? self.store.calls.truncate(self.file, to: offset)
            self.extents.wasRefused(at: offset)
            throw error.cacheError(for: self.stream.id)
        }
        self.hasher?.update(bufferPointer: bytes)
        self.hashed += Int64(bytes.count)
    }

    /// Allocates ahead, and keeps the reserve that deleting needs. Where space is scarce, one file at a time: of two that
    /// looked at once, each would take what is left.
    private mutating func makeRoom(upTo end: Int64) throws(CacheError) {
        guard let growth = self.extents.growth(for: end) else { return }
        let needed = end - growth.lowerBound
        if let available = try self.store.spaceForAll { return try self.grow(growth, needed, of: available) }
        try self.store.growing.withLock { _ throws(CacheError) in
            try self.grow(growth, needed, of: try self.store.takeSpace(needed, for: self.stream.id))
        }
    }

    private mutating func grow(_ growth: Range<Int64>, _ needed: Int64, of available: Int64) throws(CacheError) {
        let planned = growth.upperBound - growth.lowerBound
        var count = available >= planned ? planned : needed
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                try self.preallocate(from: growth.lowerBound, count: count)
            } catch {
                // A quota, of which nothing was known before, may have room for what is needed.
                guard error.isOutOfSpace, count > needed else { throw error }
                count = needed
                self.extents.wasRefused(at: growth.lowerBound)
                try self.preallocate(from: growth.lowerBound, count: count)
            }
        } catch {
            self.extents.wasRefused(at: self.stream.stored)
            throw error.cacheError(for: self.stream.id)
        }
        self.extents.grew(to: growth.lowerBound + count)
    }

    private mutating func preallocate(from offset: Int64, count: Int64) throws(SystemCallError) {
        guard self.canPreallocate else { return }
        do throws(SystemCallError) {
            self.canPreallocate = try self.store.calls.preallocate(self.file, from: offset, count: count)
        } catch {
            // ext4 keeps the blocks that it found before it ran out of them.
            try? self.store.calls.truncate(self.file, to: self.stream.stored)
            throw error
        }
    }

    /// The digest of all that is stored, if there is to be one. Nothing can be appended after that.
    mutating func sha256() throws(CacheError) -> SHA256Value? {
        guard self.hasher != nil else { return nil }
        try self.digest(upTo: self.stream.stored)
        return self.hasher.flatMap { SHA256Value(bytes: $0.finalize()) }
    }

    /// Digests what is in the file and was not digested yet, as after a resumption.
    private mutating func digest(upTo end: Int64) throws(CacheError) {
        guard self.hashed < end else { return }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: StagingBlock.usualCapacity, alignment: 64)
        defer { memory.deallocate() }
        while self.hashed < end {
            let wanted = Int(min(Int64(memory.count), end - self.hashed))
            let count = try calling(for: self.stream.id) { () throws(SystemCallError) in
                try self.store.calls.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: memory[..<wanted]),
                    from: self.file,
                    at: self.hashed
                )
            }
            guard count > 0 else {
                throw CacheError(
                    .io,
                    "\(self.file.path) ends at byte \(self.hashed), but \(end) bytes were stored. Somebody cut it.",
                    streamID: self.stream.id
                )
            }
            self.hasher?.update(bufferPointer: UnsafeRawBufferPointer(rebasing: memory[..<count]))
            self.hashed += Int64(count)
        }
    }
}
