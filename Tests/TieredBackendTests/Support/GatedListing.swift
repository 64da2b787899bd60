import CacheProtocol
import Synchronization
import TestSupport

/// A cold tier in whose listings something happens between the answer and its arrival.
final class GatedListing: ForwardingBackend {
    let base: any CacheBackend
    private let hook = Mutex<(@Sendable () async -> Void)?>(nil)

    init(_ base: any CacheBackend) { self.base = base }

    /// What happens in the next listing.
    func afterListing(_ body: @escaping @Sendable () async -> Void) { self.hook.withLock { $0 = body } }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        let page = try await self.base.streams(matching: filter, after: cursor, limit: limit)
        await self.hook.withLock { $0.take() }?()
        return page
    }
}
