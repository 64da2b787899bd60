/// How a backend is, for health checks and gauges.
public struct BackendHealth: Hashable, Sendable {
    /// Why the backend can't take uploads now, one sentence each; empty where it can. Such as `storage_full: …`.
    public var problems: [String]
    /// Figures worth showing, by stable snake_case name (`used_bytes`, `free_bytes`, `streams_open`, …). The names are
    /// constant for a backend: they become metric names.
    public var gauges: [String: Int64]

    /// Describes a backend.
    ///
    /// - Parameters:
    ///   - problems: Why uploads can't be taken now; empty where they can.
    ///   - gauges: Figures by name.
    public init(problems: [String] = [], gauges: [String: Int64] = [:]) {
        self.problems = problems
        self.gauges = gauges
    }
}
