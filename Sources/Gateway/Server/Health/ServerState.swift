import Synchronization

/// How far the server is in its life, noted where it happens and read from anywhere.
final class ServerState: Sendable {
    private let listening = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    var isListening: Bool { self.listening.load(ordering: .relaxed) }
    var isDraining: Bool { self.draining.load(ordering: .relaxed) }

    func beganToListen() { self.listening.store(true, ordering: .relaxed) }
    func beganToDrain() { self.draining.store(true, ordering: .relaxed) }
}
