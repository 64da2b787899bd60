import AudioClient

/// What `bench --json` writes.
struct BenchDocuments: Encodable {
    var server: String
    var results: [BenchDocument]
}

/// What `bench` tells of one measurement.
struct BenchDocument: Encodable {
    struct Spread: Encodable {
        var median: Double
        var minimum: Double
        var maximum: Double

        init?(_ spread: AudioClient.Spread?) {
            guard let spread else { return nil }
            (self.median, self.minimum, self.maximum) = (spread.median, spread.minimum, spread.maximum)
        }
    }

    /// Microseconds.
    struct Latency: Encodable {
        var count: Int64
        var p50: Double
        var p99: Double
        var p999: Double
        var maximum: Double

        init(_ histogram: LatencyHistogram) {
            func microseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1_000 }
            self.count = histogram.count
            self.p50 = microseconds(histogram.percentile(0.5))
            self.p99 = microseconds(histogram.percentile(0.99))
            self.p999 = microseconds(histogram.percentile(0.999))
            self.maximum = microseconds(histogram.maximum)
        }
    }

    var mode: String
    var connections: Int
    var tails: Int?
    var bitRate: Int?
    var streamSize: Int64
    var chunkSize: Int
    var pipelineDepth: Int?
    var runs: Int
    var connectSeconds: Double
    var gigabytesPerSecond: Spread?
    var operationsPerSecond: Spread?
    var processorSecondsPerGigabyte: Spread?
    var processorSeconds: Spread?
    var clientProcessorSecondsPerGigabyte: Spread?
    var anonymousBytesBefore: Int64?
    var anonymousBytesAtMost: Int64?
    var latencyMicroseconds: [String: Latency]

    init(_ report: BenchReport) {
        let plan = report.plan
        self.mode = plan.mode.rawValue
        self.connections = plan.connections
        self.tails = plan.mode == .live ? plan.tails : nil
        self.bitRate = plan.mode == .live ? plan.bitRate : nil
        self.streamSize = report.streamSize
        self.chunkSize = plan.chunkSize
        self.pipelineDepth = plan.mode == .download ? plan.pipelineDepth : nil
        self.runs = report.runs.count
        self.connectSeconds = report.connectSeconds
        self.gigabytesPerSecond = Spread(report.spread { $0.bytes > 0 ? $0.gigabytesPerSecond : nil })
        self.operationsPerSecond = Spread(report.spread { $0.seconds > 0 ? Double($0.operations) / $0.seconds : nil })
        self.processorSecondsPerGigabyte = Spread(report.spread { $0.processorSecondsPerGigabyte })
        self.processorSeconds = Spread(report.spread { $0.processorSeconds })
        self.clientProcessorSecondsPerGigabyte = Spread(report.spread { $0.ownProcessorSecondsPerGigabyte })
        self.anonymousBytesBefore = report.anonymousBytesBefore
        self.anonymousBytesAtMost = report.runs.compactMap(\.anonymousBytes).max()
        let names = Set(report.runs.flatMap(\.latencies.keys))
        self.latencyMicroseconds = Dictionary(
            uniqueKeysWithValues: names.map { ($0, Latency(report.latencies($0))) }
        )
    }

    /// The same for people.
    var lines: [String] {
        var title = "\(self.mode): \(self.connections) connections"
        if let tails = self.tails { title += ", \(tails) readers each" }
        if self.mode != "live", self.mode != "idle" { title += ", streams of \(ProgressBar.amount(self.streamSize))" }
        var lines = [title]
        func row(_ name: String, _ spread: Spread?, unit: String, scale: Double = 1) {
            guard let spread else { return }
            let text = [spread.median, spread.minimum, spread.maximum].map { Self.number($0 * scale) }
            lines.append("  \(name)\(text[0]) \(unit)  (\(text[1]) to \(text[2]))")
        }
        row("throughput  ", self.gigabytesPerSecond, unit: "GB/s")
        if self.mode != "idle" { row("operations  ", self.operationsPerSecond, unit: "1/s") }
        row("gateway     ", self.processorSecondsPerGigabyte, unit: "CPU s/GB")
        row("client      ", self.clientProcessorSecondsPerGigabyte, unit: "CPU s/GB")
        if let most = self.anonymousBytesAtMost, let before = self.anonymousBytesBefore {
            let each = ProgressBar.amount(max(0, most - before) / Int64(max(1, self.connections)))
            lines.append(
                "  memory      \(ProgressBar.amount(most)) at most, \(ProgressBar.amount(before)) before; \(each) each"
            )
        }
        for (name, latency) in self.latencyMicroseconds.sorted(by: { $0.key < $1.key }) {
            let values = [latency.p50, latency.p99, latency.p999, latency.maximum].map { Self.number($0) }
            lines.append(
                "  \(name)\(String(repeating: " ", count: max(1, 12 - name.count)))p50 \(values[0])  p99 \(values[1])  "
                    + "p99.9 \(values[2])  max \(values[3]) µs"
            )
        }
        return lines
    }

    /// Three digits after the point, or one where the number is large.
    private static func number(_ value: Double) -> String {
        guard value < 100 else { return ProgressBar.decimal(value) }
        let thousandths = Int64((max(0, value) * 1_000).rounded())
        let rest = String(thousandths % 1_000)
        return "\(thousandths / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
