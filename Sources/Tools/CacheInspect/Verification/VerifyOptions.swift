public import CacheProtocol

/// Which streams are verified, and how.
public struct VerifyOptions: Hashable, Sendable {
    /// The streams to verify; none for all of them, and the files that belong to none.
    public var ids: [StreamID] = []
    /// Only a part of the streams.
    public var sample: Sample?
    /// No stream is begun after so long.
    public var maximumDuration: TimeSpan?
    /// Only streams that were not verified for so long.
    public var notVerifiedSince: TimeSpan?
    /// How many streams are read at once, from 1 to 64. Each takes 1 MiB of memory.
    public var jobs = 2
    /// Whether the results are remembered in the index.
    public var isRecorded = true
    /// Which streams a sample has, from 0 to 999,999.
    public var phase = Int.random(in: 0..<1_000_000)

    /// All streams.
    public init() {}
}
