import CacheProtocol
import NIOCore
import Synchronization

/// How often the readers of a hasty backend were asked to wait.
final class WaitCount: Sendable {
    private let asked = Atomic<Int>(0)

    var value: Int { self.asked.load(ordering: .relaxed) }
    func add() { self.asked.wrappingAdd(1, ordering: .relaxed) }
}

extension ReaderWrappingBackend {
    /// A backend that breaks the contract: its readers say that a stream has grown when it has not.
    static func hasty(_ base: any CacheBackend, _ count: WaitCount) -> Self {
        Self(base: base) { HastySource(base: $0, count: count) }
    }
}

private final class HastySource: StreamSource {
    private let base: StreamReader
    private let count: WaitCount

    init(base: StreamReader, count: WaitCount) {
        self.base = base
        self.count = count
    }

    func open() -> Answer<StreamStatus> { self.base.opened() }
    var status: StreamStatus { self.base.status }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        try self.base.read(at: offset, count: count)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        self.count.add()
        return self.status
    }
}
