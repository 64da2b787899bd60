import Synchronization

/// The configuration in force, which may change while connections are open.
///
/// Each connection works by the one that it found; what it has to look at again, its token, it learns from the
/// generation, which is an atomic, so that nothing waits for a lock where bytes flow.
final class LiveSettings: Sendable {
    /// What a connection finds.
    struct State {
        var configuration: GatewayConfiguration
        /// What it is encrypted with, where it is.
        var certificate: ServerCertificate?
    }

    private let inForce: Mutex<State>
    private let changes = Atomic<Int>(0)

    init(_ configuration: GatewayConfiguration) { self.inForce = Mutex(State(configuration: configuration)) }

    /// What whoever comes now finds.
    var state: State { self.inForce.withLock { $0 } }

    /// The configuration for whoever comes now.
    var current: GatewayConfiguration { self.inForce.withLock { $0.configuration } }

    /// How often it has changed.
    var generation: Int { self.changes.load(ordering: .acquiring) }

    /// Puts others in their place.
    func change(to configuration: GatewayConfiguration, _ certificate: ServerCertificate?) {
        self.inForce.withLock { $0 = State(configuration: configuration, certificate: certificate) }
        self.changes.add(1, ordering: .releasing)
    }
}
