import CacheProtocol
import Synchronization

extension MemoryStore {
    /// Streams expire to the second; looking more often would be for nothing.
    private static let shortestPause: Int64 = 1_000

    /// Removes what has expired as soon as it has, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            self.alarm.reset()
            let now = self.clock.monotonic()
            let next = self.upkeep(now: now)
            await self.alarm.wait(until: next.map { max($0, now + Self.shortestPause) }, now: now)
        }
    }

    /// Removes the streams whose time is over: sealed ones by their time to live, suspended ones by the backend's.
    ///
    /// - Parameter now: The monotonic clock's time, in milliseconds.
    /// - Returns: When the next stream's time is over; `nil` where no stream's ever is.
    func upkeep(now: Int64) -> Int64? {
        let suspendedSeconds = self.configuration.suspendedTimeToLiveSeconds
        var next: Int64?
        var cursor: StreamID?
        while true {
            let streams = self.directory.withLock { $0.streams(after: cursor, limit: Self.slice) }
            for stream in streams {
                guard let deadline = stream.deadline(suspendedSeconds: suspendedSeconds) else { continue }
                if deadline <= now {
                    self.expire(stream, now: now)
                } else {
                    next = min(next ?? .max, deadline)
                }
            }
            guard streams.count == Self.slice else { return next }
            cursor = streams.last?.id
        }
    }

    private func expire(_ stream: MemoryStream, now: Int64) {
        let suspendedSeconds = self.configuration.suspendedTimeToLiveSeconds
        // Looked at again under the stream's lock: it may have been resumed, or sealed, since.
        let removal = stream.remove { state, facts, changedAt in
            MemoryStream.deadline(state, facts, changedAt, suspendedSeconds).map { $0 <= now } ?? false
        }
        guard case .removed = removal else { return }
        self.takeOut(stream)
        self.expiredStreams.add(1, ordering: .relaxed)
    }

    /// See ``CacheBackend/health()``.
    var health: BackendHealth {
        let usage = self.arena.usage
        let pageSize = Int64(self.configuration.pageSize)
        let (streams, idlePages) = self.directory.withLock { ($0.count, $0.idlePages) }
        var health = BackendHealth(gauges: [
            "pool_bytes": self.configuration.capacity,
            "used_bytes": Int64(usage.used) * pageSize,
            "free_bytes": Int64(usage.free) * pageSize,
            "evictable_bytes": Int64(idlePages) * pageSize,
            "high_water_bytes": Int64(usage.highWater) * pageSize,
            "streams": Int64(streams),
            "evicted_streams_total": self.evictedStreams.load(ordering: .relaxed),
            "evicted_bytes_total": self.evictedBytes.load(ordering: .relaxed),
            "expired_streams_total": self.expiredStreams.load(ordering: .relaxed),
        ])
        if usage.free + idlePages == 0 {
            health.problems.append(
                "storage_full: no page of the memory pool is free, and nothing in it may be evicted."
            )
        }
        return health
    }
}
