/// What to measure, and how.
public struct BenchPlan: Hashable, Sendable {
    /// What to measure.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        /// START, bytes, STOP, DELETE, over and over.
        case upload
        /// A stream, whole, over and over, with many GETs under way at once.
        case download
        /// One GET at a time, anywhere in a stream.
        case get
        /// Writers at the rate of audio, and readers that follow them.
        case live
        /// Connections that say nothing.
        case idle
    }

    /// What to measure.
    public var mode: Mode
    /// How many connections; with `live`, how many writers.
    public var connections = 1
    /// With `live`, how many readers follow each writer.
    public var tails = 1
    /// How many bytes a stream has; `nil` for 64 MiB, or less where there are so many connections that all together
    /// would take more than a gigabyte.
    public var size: Int64?
    /// How many bytes a frame, or the answer to a GET, has.
    public var chunkSize = ClientConfiguration.defaultChunkSize
    /// How many GETs are under way at once.
    public var pipelineDepth = 32
    /// How long one run takes at least.
    public var duration = Duration.seconds(3)
    /// How long to run before anything is measured.
    public var warmUp = Duration.seconds(1)
    /// How many runs are measured.
    public var repetitions = 3
    /// How long removing what was written may take where the measurement breaks off.
    public var removalLimit = Duration.seconds(5)
    /// With `live`, how many bits a second one writer sends.
    public var bitRate = 256_000

    /// Plans a measurement, with the defaults.
    ///
    /// - Parameter mode: What to measure.
    public init(_ mode: Mode) { self.mode = mode }

    /// How long a packet of audio is.
    static let packetDuration = Duration.milliseconds(20)

    /// How many bytes a packet of audio has.
    var packetLength: Int { max(TimestampedPackets.headerLength, self.bitRate / 8 / 50) }

    /// How many bytes a stream has: whole chunks, so that one block of frames serves for all.
    var streamSize: Int64 {
        let chunk = Int64(self.chunkSize)
        let wanted = self.size ?? min(64 << 20, max(chunk, (1 << 30) / Int64(self.connections)))
        return (wanted + chunk - 1) / chunk * chunk
    }

    /// How many connections there are in all.
    var totalConnections: Int {
        self.mode == .live ? self.connections * (1 + self.tails) : self.connections
    }

    /// Checks the values.
    ///
    /// - Throws: ``ClientError`` with code `usage` that names the value and what it may be.
    public func validate() throws(ClientError) {
        try Self.check("connections", self.connections, in: 1...100_000)
        try Self.check("tails of a writer", self.tails, in: 0...100_000)
        try Self.check("runs", self.repetitions, in: 1...1_000)
        try Self.check("GETs under way", self.pipelineDepth, in: 1...1_024)
        try Self.check("bytes of a chunk", self.chunkSize, in: ClientConfiguration.chunkSizes)
        try Self.check("bits a second", self.bitRate, in: 8_000...100_000_000)
        let least = self.mode == .upload ? 0 : 1
        if let size = self.size { try Self.check("bytes of a stream", Int(clamping: size), in: least...(1 << 40)) }
        guard self.duration > .zero, self.warmUp >= .zero else {
            throw ClientError(.usage, "A run takes more than 0 seconds, and warming up no less than 0.")
        }
    }

    private static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(ClientError) {
        guard range.contains(value) else {
            throw ClientError(
                .usage,
                "The number of \(name) is \(value).",
                remedy: "It can be from \(range.lowerBound) to \(range.upperBound)."
            )
        }
    }
}
