import CacheProtocol
import Synchronization

extension MemoryStore {
    /// Refuses a stream that says beforehand that it won't fit.
    func checkExpectedSize(_ options: WriteOptions, _ id: StreamID) throws(CacheError) {
        guard let size = options.expectedSize, size > 0 else { return }
        guard size <= self.configuration.capacity else { throw self.tooLarge(size, id) }
        let pageSize = Int64(self.configuration.pageSize)
        let needed = Int((size + pageSize - 1) / pageSize)
        guard needed <= self.available else { throw self.full(id) }
    }

    /// Refuses an append that the whole pool could not hold.
    func checkSize(_ stream: MemoryStream, adding count: Int) throws(CacheError) {
        let (size, isOverflow) = stream.status.size.addingReportingOverflow(Int64(count))
        if isOverflow || size > self.configuration.capacity {
            throw self.tooLarge(isOverflow ? .max : size, stream.id)
        }
    }

    /// How many pages could be had now.
    var available: Int { self.arena.usage.free + self.directory.withLock { $0.idlePages } }

    /// Gets pages, if need be by removing the sealed streams that nobody has read for longest.
    ///
    /// - Parameters:
    ///   - count: How many, more than 0.
    ///   - id: The stream that wants them.
    /// - Returns: The pages.
    /// - Throws: ``CacheError`` with code `storage_full`; nothing was evicted then, unless somebody else was faster.
    func takePages(_ count: Int, for id: StreamID) throws(CacheError) -> [Page] {
        while true {
            if let pages = self.arena.take(count) { return pages }
            let free = self.arena.usage.free
            let victims = self.directory.withLock { directory -> [Directory.Leaving] in
                guard free + directory.idlePages >= count else { return [] }
                var victims: [Directory.Leaving] = []
                var room = free
                while room < count, let victim = directory.evict() {
                    room += victim.stream.pages(for: victim.stream.status.size)
                    victims.append(victim)
                }
                return victims
            }
            if victims.isEmpty {
                // A page may have come back since.
                if let pages = self.arena.take(count) { return pages }
                throw self.full(id)
            }
            for victim in victims {
                self.dispose(of: victim)
                self.count(evicted: victim.stream)
            }
        }
    }

    func count(evicted stream: MemoryStream) {
        self.evictedStreams.add(1, ordering: .relaxed)
        self.evictedBytes.add(stream.status.size, ordering: .relaxed)
    }

    private func full(_ id: StreamID) -> CacheError {
        CacheError(
            .storageFull,
            "The memory pool of \(self.configuration.capacity) bytes is full of streams that are being written, read or "
                + "kept for resuming. Try again later, remove streams, or raise capacityBytes.",
            streamID: id
        )
    }

    private func tooLarge(_ size: Int64, _ id: StreamID) -> CacheError {
        CacheError(
            .streamTooLarge,
            "A stream of \(size) bytes does not fit the memory pool of \(self.configuration.capacity) bytes. Raise "
                + "capacityBytes, or use a backend that keeps streams in files.",
            streamID: id
        )
    }
}
