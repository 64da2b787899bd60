import Synchronization

/// How far the server is in its life, noted where it happens and read from anywhere.
final class ServerState: Sendable {
    private let listening = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)
    private let ending = Atomic<Bool>(false)

    var isListening: Bool { self.listening.load(ordering: .relaxed) }
    var isDraining: Bool { self.draining.load(ordering: .relaxed) }
    /// Whether connections are told to end, or are about to be. Known before the first is told: who is not told, since its
    /// connection was becoming something else at the moment, finds it here.
    var isEnding: Bool { self.ending.load(ordering: .sequentiallyConsistent) }

    func beganToListen() { self.listening.store(true, ordering: .relaxed) }
    func beganToDrain() { self.draining.store(true, ordering: .relaxed) }
    func beganToEnd() { self.ending.store(true, ordering: .sequentiallyConsistent) }
}
