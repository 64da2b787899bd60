import NIOCore
import ServiceLifecycle
import Synchronization

/// Measures how late the event loops are, four times a second, and how much waits to be sent on each, once a second.
final class EventLoopMonitor: Sendable {
    private static let pause = TimeAmount.milliseconds(250)
    private static let turnsBetweenSums = 4
    /// A loop that has not turned for so long is taken for stuck.
    private static let patience = TimeAmount.seconds(10)

    private let pulses: [ObjectIdentifier: EventLoopPulse]

    init(group: any EventLoopGroup, metrics: GatewayMetrics) {
        self.pulses = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map {
                (ObjectIdentifier($0), EventLoopPulse(eventLoop: $0, metrics: metrics))
            }
        )
    }

    /// The pulse of a loop; `nil` where it is not one of the group.
    func pulse(of eventLoop: any EventLoop) -> EventLoopPulse? { self.pulses[ObjectIdentifier(eventLoop)] }

    /// Bytes that wait for peers to take them, as of the last look.
    var unsentBytes: Int64 { self.pulses.values.reduce(0) { $0 + $1.unsentBytes.load(ordering: .relaxed) } }

    /// Whether every loop has turned lately.
    func isAlive(at now: NIODeadline) -> Bool {
        self.pulses.values.allSatisfy { pulse in
            let last = pulse.lastTurn.load(ordering: .relaxed)
            return last == 0 || now - .uptimeNanoseconds(last) < Self.patience
        }
    }
}

extension EventLoopMonitor: Service {
    func run() async throws {
        for pulse in self.pulses.values { pulse.start(every: Self.pause, summing: Self.turnsBetweenSums) }
        try? await gracefulShutdown()
        for pulse in self.pulses.values { pulse.stop() }
    }
}

/// One event loop's pulse, and the connections on it.
final class EventLoopPulse: Sendable {
    /// When it last turned, in nanoseconds of the uptime; 0 before the first time and after the last.
    let lastTurn = Atomic<UInt64>(0)
    let unsentBytes = Atomic<Int64>(0)
    private let eventLoop: any EventLoop
    private let metrics: GatewayMetrics
    private let own: NIOLoopBoundBox<Own>

    /// The loop's own.
    private struct Own {
        var connections: [ObjectIdentifier: ConnectionHandler] = [:]
        var next: Scheduled<Void>?
        var turns = 0
    }

    init(eventLoop: any EventLoop, metrics: GatewayMetrics) {
        self.eventLoop = eventLoop
        self.metrics = metrics
        self.own = NIOLoopBoundBox.makeBoxSendingValue(Own(), eventLoop: eventLoop)
    }

    /// A connection opens; to be called on the loop.
    func add(_ connection: ConnectionHandler) { self.own.value.connections[ObjectIdentifier(connection)] = connection }

    /// A connection is gone; to be called on the loop.
    func remove(_ connection: ConnectionHandler) {
        self.own.value.connections.removeValue(forKey: ObjectIdentifier(connection))
    }

    func start(every pause: TimeAmount, summing turns: Int) {
        self.eventLoop.execute { self.turn(due: .now(), every: pause, summing: turns) }
    }

    func stop() {
        self.eventLoop.execute {
            self.own.value.next?.cancel()
            self.lastTurn.store(0, ordering: .relaxed)
        }
    }

    private func turn(due: NIODeadline, every pause: TimeAmount, summing turns: Int) {
        let now = NIODeadline.now()
        self.metrics.eventLoopTurned(late: now - due)
        self.lastTurn.store(now.uptimeNanoseconds, ordering: .relaxed)
        if self.own.value.turns % turns == 0 {
            let unsent = self.own.value.connections.values.reduce(into: Int64(0)) { $0 += $1.pendingBytes }
            self.unsentBytes.store(unsent, ordering: .relaxed)
        }
        self.own.value.turns &+= 1
        let next = now + pause
        self.own.value.next = self.eventLoop.scheduleTask(deadline: next) {
            self.turn(due: next, every: pause, summing: turns)
        }
    }
}
