public import Benchmark

extension Benchmark {
    /// How many bytes went by: 10^6 a second.
    public static let megabytesPerSecond = BenchmarkMetric.custom("Megabytes / s", polarity: .prefersLarger)
    /// How many things were done in a second.
    public static let perSecond = BenchmarkMetric.custom("Done / s", polarity: .prefersLarger)

    /// Registers a benchmark of something that moves bytes.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - bytes: How many bytes one call of `body` moves.
    ///   - body: What to measure.
    public static func moving(_ name: String, bytes: Int, _ body: @escaping () throws -> Void) {
        Self.moving(name, bytes: bytes) { time in
            time.start()
            try body()
            time.stop()
        }
    }

    /// Registers a benchmark of something that moves bytes, and of which a part counts.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - bytes: How many bytes are moved in the measured time of one call of `body`.
    ///   - body: What to measure, and which part of it.
    public static func moving(
        _ name: String,
        bytes: Int,
        _ body: @escaping (MeasuredTime) async throws -> Void
    ) {
        Self.measuring(name, self.megabytesPerSecond, amount: Double(bytes) / 1e6, body)
    }

    /// Registers a benchmark of something that is done many times.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - count: How often one call of `body` does it.
    ///   - body: What to measure.
    public static func doing(_ name: String, count: Int, _ body: @escaping () throws -> Void) {
        Self.doing(name, count: count) { time in
            time.start()
            try body()
            time.stop()
        }
    }

    /// Registers a benchmark of something that is done many times, and of which a part counts.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - count: How often it is done in the measured time of one call of `body`.
    ///   - body: What to measure, and which part of it.
    public static func doing(_ name: String, count: Int, _ body: @escaping (MeasuredTime) async throws -> Void) {
        Self.measuring(name, self.perSecond, amount: Double(count), body)
    }

    private static func measuring(
        _ name: String,
        _ metric: BenchmarkMetric,
        amount: Double,
        _ body: @escaping (MeasuredTime) async throws -> Void
    ) {
        let configuration = Configuration(
            metrics: [metric, .wallClock, .cpuTotal],
            warmupIterations: 3,
            maxDuration: .seconds(1),
            maxIterations: 10_000
        )
        Benchmark(name, configuration: configuration) { benchmark in
            let time = MeasuredTime(
                starting: { benchmark.startMeasurement() },
                stopping: { benchmark.stopMeasurement() }
            )
            try await body(time)
            benchmark.measurement(metric, Int(amount / (time.duration / .seconds(1))))
        }
    }
}
