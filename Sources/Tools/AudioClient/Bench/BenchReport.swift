/// What came of a measurement.
public struct BenchReport: Hashable, Sendable {
    /// What was measured.
    public var plan: BenchPlan
    /// How many bytes a stream had, or was written at a time.
    public var streamSize: Int64
    /// The runs, in order.
    public var runs: [Run] = []
    /// Anonymous memory of the gateway before there were any connections, in bytes, where it was asked for.
    public var anonymousBytesBefore: Int64?
    /// How long it took to open all connections, in seconds.
    public var connectSeconds = 0.0

    /// One run.
    public struct Run: Hashable, Sendable {
        /// How many bytes of audio went by.
        public var bytes: Int64 = 0
        /// How many things were done: streams, GETs or packets.
        public var operations: Int64 = 0
        /// How long it took.
        public var seconds = 0.0
        /// How long each thing took, by name.
        public var latencies: [String: LatencyHistogram] = [:]
        /// Processor time of the gateway, in seconds, where it was asked for.
        public var processorSeconds: Double?
        /// Processor time of the load generator itself, in seconds: where that is near the number of processors, it was
        /// the load generator that was measured.
        public var ownProcessorSeconds = 0.0
        /// The most anonymous memory that the gateway was seen to use, in bytes, where it was asked for.
        public var anonymousBytes: Int64?

        /// 10^9 bytes a second.
        public var gigabytesPerSecond: Double { self.seconds > 0 ? Double(self.bytes) / 1e9 / self.seconds : 0 }
        /// What 10^9 bytes cost the gateway, in seconds of processor time.
        public var processorSecondsPerGigabyte: Double? {
            self.bytes > 0 ? self.processorSeconds.map { $0 / (Double(self.bytes) / 1e9) } : nil
        }

        /// What 10^9 bytes cost the load generator, in seconds of processor time.
        public var ownProcessorSecondsPerGigabyte: Double? {
            self.bytes > 0 ? self.ownProcessorSeconds / (Double(self.bytes) / 1e9) : nil
        }

        /// Adds what another connection did in the same run.
        mutating func add(_ other: Run) {
            self.bytes += other.bytes
            self.operations += other.operations
            for (name, histogram) in other.latencies {
                self.latencies[name, default: LatencyHistogram()].add(histogram)
            }
        }
    }

    /// The middle of the runs, and how far they are from each other.
    ///
    /// - Parameter value: What to look at.
    /// - Returns: `nil` where no run has it.
    public func spread(_ value: (Run) -> Double?) -> Spread? { Spread(self.runs.compactMap(value)) }

    /// All times of one name, of all runs.
    ///
    /// - Parameter name: The name.
    /// - Returns: Their histogram.
    public func latencies(_ name: String) -> LatencyHistogram {
        self.runs.reduce(into: LatencyHistogram()) { $0.add($1.latencies[name] ?? LatencyHistogram()) }
    }
}

/// The middle of some numbers, and the ends.
public struct Spread: Hashable, Sendable {
    /// The middle one; of an even number, halfway between the two in the middle.
    public var median: Double
    /// The least.
    public var minimum: Double
    /// The greatest.
    public var maximum: Double

    /// Looks at numbers.
    ///
    /// - Parameter values: The numbers.
    /// - Returns: `nil` where there is none.
    public init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let minimum = sorted.first, let maximum = sorted.last else { return nil }
        self.minimum = minimum
        self.maximum = maximum
        let middle = sorted.count / 2
        self.median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
