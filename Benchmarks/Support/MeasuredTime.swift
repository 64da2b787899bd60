/// What of a benchmark's body counts: the time from `start` to `stop`.
public final class MeasuredTime {
    private let clock = ContinuousClock()
    private var begun: ContinuousClock.Instant?
    private let starting: () -> Void
    private let stopping: () -> Void
    /// The time so far.
    public private(set) var duration = Duration.zero

    init(starting: @escaping () -> Void, stopping: @escaping () -> Void) {
        self.starting = starting
        self.stopping = stopping
    }

    /// From now on time counts.
    public func start() {
        self.starting()
        self.begun = self.clock.now
    }

    /// No more from now on.
    public func stop() {
        guard let begun = self.begun else { return }
        self.duration += self.clock.now - begun
        self.begun = nil
        self.stopping()
    }
}
