import CacheProtocol

extension MemoryStream {
    /// Returns once the stream is longer than `offset` or not in `state` any more.
    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.waiters.wait(past: offset, while: state) { self.status }
    }

    /// Has an observer told once that is so.
    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        self.waiters.observe(past: offset, while: state, observer) { self.status }
    }

    /// Looks who need not wait any more; after every change of the status.
    func wake() { self.waiters.wake(self.status) }
}
