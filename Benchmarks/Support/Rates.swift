public import Benchmark

extension Benchmark {
    /// How many bytes went by: 10^6 a second.
    public static let megabytesPerSecond = BenchmarkMetric.custom("Megabytes / s", polarity: .prefersLarger)
    /// How many things were done: 10^3 a second.
    public static let thousandsPerSecond = BenchmarkMetric.custom("Thousands / s", polarity: .prefersLarger)

    /// Registers a benchmark of something that moves bytes.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - bytes: How many bytes one call of `body` moves.
    ///   - body: What to measure.
    public static func moving(_ name: String, bytes: Int, _ body: @escaping () throws -> Void) {
        Self.measuring(name, self.megabytesPerSecond, amount: Double(bytes) / 1e6, body)
    }

    /// Registers a benchmark of something that is done many times.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - count: How often one call of `body` does it.
    ///   - body: What to measure.
    public static func doing(_ name: String, count: Int, _ body: @escaping () throws -> Void) {
        Self.measuring(name, self.thousandsPerSecond, amount: Double(count) / 1e3, body)
    }

    private static func measuring(
        _ name: String,
        _ metric: BenchmarkMetric,
        amount: Double,
        _ body: @escaping () throws -> Void
    ) {
        let configuration = Configuration(
            metrics: [metric, .wallClock, .cpuTotal],
            warmupIterations: 3,
            maxDuration: .seconds(1),
            maxIterations: 10_000
        )
        Benchmark(name, configuration: configuration) { benchmark in
            let clock = ContinuousClock()
            let duration = try clock.measure(body)
            benchmark.measurement(metric, Int(amount / (duration / .seconds(1))))
        }
    }
}
