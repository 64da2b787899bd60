import NIOCore
import ServiceLifecycle
import Synchronization

/// Measures how late the event loops are, four times a second, and how much waits to be sent on each, once a second; more
/// often while that is too much, and then lets those go for whom most waits.
final class EventLoopMonitor: Sendable {
    private static let pause = TimeAmount.milliseconds(250)
    private static let turnsBetweenSums = 4
    /// A loop that has not turned for so long is taken for stuck.
    private static let patience = TimeAmount.seconds(10)

    private let pulses: [ObjectIdentifier: EventLoopPulse]

    init(group: any EventLoopGroup, metrics: GatewayMetrics, outbound: OutboundBudget) {
        self.pulses = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map {
                (ObjectIdentifier($0), EventLoopPulse(eventLoop: $0, metrics: metrics, outbound: outbound))
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
    private let outbound: OutboundBudget
    private let own: NIOLoopBoundBox<Own>

    /// The loop's own.
    private struct Own {
        var connections: [ObjectIdentifier: any OutboundConsumer] = [:]
        var relief = OutboundRelief()
        var next: Scheduled<Void>?
        var turns = 0
    }

    init(eventLoop: any EventLoop, metrics: GatewayMetrics, outbound: OutboundBudget) {
        self.eventLoop = eventLoop
        self.metrics = metrics
        self.outbound = outbound
        self.own = NIOLoopBoundBox.makeBoxSendingValue(Own(), eventLoop: eventLoop)
    }

    /// A connection opens; to be called on the loop.
    func add(_ connection: any OutboundConsumer) {
        self.own.value.connections[ObjectIdentifier(connection)] = connection
    }

    /// A connection is gone; to be called on the loop.
    func remove(_ connection: any OutboundConsumer) {
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
        if self.own.value.turns % turns == 0 || self.own.value.relief.isOver
            || self.outbound.waiting > self.outbound.limit
        {
            self.lookAtUnsent(at: now)
        }
        self.own.value.turns &+= 1
        let next = now + pause
        self.own.value.next = self.eventLoop.scheduleTask(deadline: next) {
            self.turn(due: next, every: pause, summing: turns)
        }
    }

    /// Sums up what waits for the loop's connections; where it is too much for all together, lets those go for whom most
    /// waits.
    private func lookAtUnsent(at now: NIODeadline) {
        let connections = Array(self.own.value.connections.values)
        let unsent = connections.map { $0.countUnsent() }
        self.unsentBytes.store(unsent.reduce(0, +), ordering: .relaxed)
        let elsewhere = self.outbound.largest(unsent.max() ?? 0, on: ObjectIdentifier(self))
        let victims = self.own.value.relief.look(
            at: now,
            waiting: self.outbound.waiting,
            limit: self.outbound.limit,
            own: unsent,
            elsewhere: elsewhere
        )
        guard !victims.isEmpty else { return }
        for place in victims { connections[place].letGo() }
        let rest = unsent.indices.lazy.filter { !victims.contains($0) }.map { unsent[$0] }.max() ?? 0
        _ = self.outbound.largest(rest, on: ObjectIdentifier(self))
    }
}
