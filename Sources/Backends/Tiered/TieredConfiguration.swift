public import CacheProtocol

/// How a ``TieredBackend`` treats its two tiers.
public struct TieredConfiguration: Hashable, Sendable {
    /// When a finished stream is acknowledged.
    public enum Acknowledgement: String, Hashable, Sendable, CaseIterable {
        /// Once the hot tier has sealed it.
        case hot
        /// Once its copy in the cold tier is verified; the hot tier's word counts where that takes too long.
        case cold
    }

    /// How a copy is verified.
    public enum Verification: String, Hashable, Sendable, CaseIterable {
        /// By reading it back and computing its digest.
        case read
        /// By the facts that the cold tier tells of it: size, and the digest that it compared as the bytes came.
        case facts
    }

    /// The ledger's file.
    public var ledger = "tier.sqlite"
    /// When a finished stream is acknowledged.
    public var acknowledgement = Acknowledgement.hot
    /// How long an acknowledgement waits for the cold tier, in milliseconds.
    public var acknowledgementTimeoutMilliseconds: Int64 = 30_000
    /// How a copy is verified.
    public var verification = Verification.read
    /// How many streams are copied at a time.
    public var maximumCopies = 4
    /// How much is fetched at once of a stream that only the cold tier has, in bytes.
    public var fetchSize = 512 << 10
    /// Whether what is read from the cold tier is kept in the hot one.
    public var fills = true
    /// For how long a stream that both tiers have is served without asking whether the cold tier still has it, in
    /// milliseconds: so soon a removal by another gateway is found out.
    public var revalidationMilliseconds: Int64 = 30_000
    /// After how many seconds out of reach, or without room, the cold tier is a problem that health checks tell.
    public var outageSeconds: Int64 = 900

    /// The wait before a copy is tried again; doubles up to the other one. In milliseconds.
    var baseBackoffMilliseconds: Int64 = 1_000
    var maximumBackoffMilliseconds: Int64 = 60_000
    /// For how long nobody asks a cold tier that did not answer, in milliseconds.
    var pauseMilliseconds: Int64 = 2_000
    /// For how long nothing is copied to a cold tier that had no room, in milliseconds.
    var fullPauseMilliseconds: Int64 = 10_000
    /// After how long a cold tier that could not begin its work tries again, in milliseconds.
    var restartMilliseconds: Int64 = 30_000
    /// How long those wait for the cold tier who can do without its answer, in milliseconds.
    var checkMilliseconds: Int64 = 1_000

    /// The defaults.
    public init() {}

    /// Takes the keys of this backend, but not those of its tiers.
    ///
    /// ## Keys
    /// - `ledger` (string, required): the file that says which streams are in the cold tier; this gateway's own.
    /// - `acknowledge` (`hot` or `cold`, default `hot`): when a finished stream is acknowledged.
    /// - `acknowledgeTimeoutMs` (integer, default 30000): how long that waits for the cold tier.
    /// - `verify` (`read` or `facts`, default `read`): how a copy is verified.
    /// - `copies` (integer, default 4): how many streams are copied at a time.
    /// - `fetchBytes` (integer, default 524288): how much is fetched at once from the cold tier, and up to four
    ///   times as much for who goes through a stream.
    /// - `fill` (boolean, default true): whether what is read from the cold tier is kept in the hot one.
    /// - `revalidateMs` (integer, default 30000): for how long a stream is served without asking the cold tier.
    /// - `outageSeconds` (integer, default 900): after how long out of reach, or full, the cold tier is a problem.
    ///
    /// - Parameter section: The backend's part of the configuration.
    /// - Throws: ``/CacheProtocol/ConfigError`` that names the key at fault.
    public init(from section: inout ConfigSection) throws(ConfigError) {
        self.ledger = try section.requiredString("ledger")
        self.acknowledgement = try section.choice("acknowledge", default: self.acknowledgement)
        self.acknowledgementTimeoutMilliseconds = try section.integer(
            "acknowledgeTimeoutMs",
            default: self.acknowledgementTimeoutMilliseconds,
            in: 1...3_600_000
        )
        self.verification = try section.choice("verify", default: self.verification)
        self.maximumCopies = Int(try section.integer("copies", default: Int64(self.maximumCopies), in: 1...256))
        self.fetchSize = Int(try section.integer("fetchBytes", default: Int64(self.fetchSize), in: 65_536...16 << 20))
        self.fills = try section.bool("fill", default: self.fills)
        self.revalidationMilliseconds = try section.integer(
            "revalidateMs",
            default: self.revalidationMilliseconds,
            in: 0...86_400_000
        )
        self.outageSeconds = try section.integer("outageSeconds", default: self.outageSeconds, in: 1...86_400)
    }
}
