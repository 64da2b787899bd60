import CacheProtocol
import Synchronization
import TestSupport

/// A backend that is as well as a test says.
struct OddHealthBackend: ForwardingBackend {
    /// What the backend says of itself.
    final class Health: Sendable {
        private let value: Mutex<BackendHealth>
        init(_ value: BackendHealth) { self.value = Mutex(value) }
        var current: BackendHealth { self.value.withLock { $0 } }
        func set(_ value: BackendHealth) { self.value.withLock { $0 = value } }
    }

    let base: any CacheBackend
    let oddHealth: Health

    func health() async -> BackendHealth { self.oddHealth.current }
}
