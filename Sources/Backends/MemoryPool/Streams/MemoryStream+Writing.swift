import CacheProtocol
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension MemoryStream {
    /// Appends bytes, all or none.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - epoch: Which writer appends.
    ///   - fill: Produces the bytes in the pages.
    ///   - takePages: Gets pages, outside any lock of the stream.
    /// - Throws: ``CacheError`` with code `stream_busy` where another writer took over, or what `takePages` throws.
    func append(
        _ count: Int,
        epoch: Int64,
        filling fill: (inout OutputRawSpan) -> Void,
        takePages: (Int) throws(CacheError) -> [Page]
    ) throws(CacheError) {
        // Without the lock: the size changes by the hand of the rightful writer only, and whether that is this one is
        // looked at below.
        let size = self.status.size
        let needed = self.pages(for: size + Int64(count)) - self.pages(for: size)
        let fresh = needed > 0 ? try takePages(needed) : []
        try self.tail.withLock { tail throws(CacheError) in
            try self.checkHolder(tail, epoch)
            var next = fresh.makeIterator()
            var position = size
            let end = size + Int64(count)
            while position < end {
                let start = Int(position & Int64(self.pageSize - 1))
                if start == 0 { tail.page = next.next() }
                guard let page = tail.page else { break }
                let room = min(Int(end - position), self.pageSize - start)
                Self.fill(UnsafeMutableRawBufferPointer(start: page.memory + start, count: room), fill)
                position += Int64(room)
            }
            if !fresh.isEmpty { self.table.withLock { $0.append(contentsOf: fresh) } }
            self.publish(StreamStatus(size: position, state: .live))
        }
        self.wake()
        self.digest?.grown(to: size + Int64(count), self)
    }

    private static func fill(_ target: UnsafeMutableRawBufferPointer, _ fill: (inout OutputRawSpan) -> Void) {
        var span = OutputRawSpan(buffer: target, initializedCount: 0)
        fill(&span)
        let initialized = span.finalize(for: target)
        assert(initialized == target.count, "the span was not filled")
        // A recycled page holds another stream's bytes, which must not show through whatever the caller forgot.
        if initialized < target.count, let base = target.baseAddress {
            memset(base + initialized, 0, target.count - initialized)
        }
    }

    private func checkHolder(_ tail: borrowing Tail, _ epoch: Int64) throws(CacheError) {
        guard tail.epoch == epoch else { throw CacheError.takenOver(self.id) }
        switch self.status.state {
        case .live: break
        case .removed: throw CacheError(.aborted, "The stream was removed.", streamID: self.id)
        case .suspended, .sealed: throw CacheError.takenOver(self.id)
        }
    }

    /// Whether a writer may still append.
    ///
    /// - Parameter epoch: Which writer.
    /// - Throws: ``CacheError`` with code `stream_busy` or `aborted` where it may not.
    func checkHolder(_ epoch: Int64) throws(CacheError) {
        try self.tail.withLock { tail throws(CacheError) in try self.checkHolder(tail, epoch) }
    }

    /// Makes another writer the only one.
    ///
    /// - Parameter facts: What takes the place of the facts where the stream is still empty.
    /// - Returns: Where it goes on; `nil` where the stream was sealed or removed meanwhile.
    func takeOver(_ facts: StreamInfo) -> WritePosition? {
        let position = self.tail.withLock { tail -> WritePosition? in
            let status = self.status
            guard status.state == .live || status.state == .suspended else { return nil }
            tail.epoch += 1
            if status.size == 0 { tail.facts = facts }
            self.publish(StreamStatus(size: status.size, state: .live))
            return WritePosition(offset: status.size, epoch: tail.epoch)
        }
        if position != nil { self.wake() }
        return position
    }

    /// The writer went away.
    ///
    /// - Returns: Whether the stream is suspended by that; not where it has another writer.
    func suspend(epoch: Int64, at moment: Int64) -> Bool {
        let isDone = self.tail.withLock { tail in
            guard tail.epoch == epoch, self.status.state == .live else { return false }
            tail.changedAt = moment
            self.publish(StreamStatus(size: self.status.size, state: .suspended))
            return true
        }
        if isDone { self.wake() }
        return isDone
    }

    /// Seals the stream.
    func seal(
        epoch: Int64,
        sha256: SHA256Value?,
        sealedAt: Timestamp,
        at moment: Int64
    ) throws(CacheError) -> StreamInfo {
        try self.tail.withLock { tail throws(CacheError) in
            try self.checkHolder(tail, epoch)
            tail.facts.sha256 = sha256
            tail.facts.sealedAt = sealedAt
            tail.facts.durability = .memory
            tail.changedAt = moment
            tail.page = nil
            self.publish(StreamStatus(size: self.status.size, state: .sealed))
        }
        self.wake()
        return self.info
    }

    /// Removes the stream and drops its bytes at once; readers get no more of them.
    func abort(epoch: Int64) throws(CacheError) {
        try self.tail.withLock { tail throws(CacheError) in
            try self.checkHolder(tail, epoch)
            tail.page = nil
            self.publish(StreamStatus(size: self.status.size, state: .removed))
        }
        self.dropPages()
        self.wake()
    }

    /// Gives back the pages of a removed stream, whoever else may still look at it.
    func dropPages() {
        let pages = self.table.withLock { pages in
            defer { pages = [] }
            return pages
        }
        // Given back here, outside the lock.
        _ = consume pages
    }

    /// What became of an attempt to remove a stream.
    enum Removal {
        case removed, busy, gone
    }

    /// Removes the stream, but not from under a writer; readers finish with its bytes.
    ///
    /// - Parameter isDue: Given state and time of the last change, whether to remove it.
    func remove(where isDue: (StreamState, StreamInfo, Int64) -> Bool = { _, _, _ in true }) -> Removal {
        let removal: Removal = self.tail.withLock { tail in
            let status = self.status
            switch status.state {
            case .live: return .busy
            case .removed: return .gone
            case .suspended, .sealed:
                guard isDue(status.state, tail.facts, tail.changedAt) else { return .busy }
                tail.page = nil
                self.publish(StreamStatus(size: status.size, state: .removed))
                return .removed
            }
        }
        if case .removed = removal { self.wake() }
        return removal
    }

    /// When the stream's time is over, on the monotonic clock.
    func deadline(suspendedSeconds: Int64) -> Int64? {
        self.tail.withLock { tail in
            Self.deadline(self.status.state, tail.facts, tail.changedAt, suspendedSeconds)
        }
    }

    static func deadline(
        _ state: StreamState,
        _ facts: StreamInfo,
        _ changedAt: Int64,
        _ suspendedSeconds: Int64
    ) -> Int64? {
        let seconds: Int64? =
            switch state {
            case .suspended: suspendedSeconds
            case .sealed: facts.timeToLiveSeconds
            case .live, .removed: nil
            }
        guard let seconds else { return nil }
        let (milliseconds, isOverflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (deadline, isOverflow2) = changedAt.addingReportingOverflow(milliseconds)
        return isOverflow || isOverflow2 ? nil : deadline
    }
}

extension CacheError {
    static func takenOver(_ id: StreamID) -> CacheError {
        CacheError(.streamBusy, "Another writer took the stream over; this one's bytes are refused.", streamID: id)
    }
}
