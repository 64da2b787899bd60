/// How a backend is, for health checks and gauges.
public struct BackendHealth: Hashable, Sendable {
    /// Why the backend can't take uploads now, one sentence each; empty where it can. Such as `storage_full: …`.
    public var problems: [String]
    /// Figures worth showing, by stable snake_case name (`used_bytes`, `free_bytes`, `streams_open`, …). The names are
    /// constant for a backend: they become metric names.
    public var gauges: [String: Int64]
    /// How far the work is that has to be done at the start before all streams can be listed; `nil` where there is none,
    /// or it is done.
    public var recovery: Recovery?

    /// How far a recovery is.
    public struct Recovery: Hashable, Sendable {
        /// How many streams were looked at.
        public var done: Int64
        /// How many there are to look at, as far as is known; 0 while that is not known.
        public var total: Int64

        /// Describes a recovery.
        ///
        /// - Parameters:
        ///   - done: How many streams were looked at.
        ///   - total: How many there are to look at; 0 while that is not known.
        public init(done: Int64, total: Int64) {
            self.done = done
            self.total = total
        }
    }

    /// Describes a backend.
    ///
    /// - Parameters:
    ///   - problems: Why uploads can't be taken now; empty where they can.
    ///   - gauges: Figures by name.
    ///   - recovery: How far the work at the start is; `nil` where it is done.
    public init(problems: [String] = [], gauges: [String: Int64] = [:], recovery: Recovery? = nil) {
        self.problems = problems
        self.gauges = gauges
        self.recovery = recovery
    }
}
