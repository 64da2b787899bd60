public import CacheProtocol

/// How streams are kept in files; shared by all backends that keep them so.
public struct FileStoreConfiguration: Hashable, Sendable {
    /// Whether the bytes are digested as they are stored.
    public enum Digest: String, Hashable, Sendable, CaseIterable {
        /// SHA-256 of every stream, checked where the writer declares one.
        case sha256
        /// None.
        case none
    }

    /// Where the streams live. Relative paths are relative to the working directory.
    public var directory = "cache"
    /// Against what STOPPED promises that a stream is safe: `process` or `power`.
    public var durability = Durability.process
    /// Whether the bytes are digested as they are stored.
    public var digest = Digest.sha256
    /// The longest stream, in bytes.
    public var maximumStreamSize: Int64 = 4 << 30
    /// How much of the file system uploads leave free, in bytes, so that there is room for forgetting streams.
    public var minimumFreeBytes: Int64 = 64 << 20
    /// How long a sealed stream is kept whose writer did not say, in seconds, more than 0; `nil` for ever.
    public var timeToLiveSeconds: Int64?
    /// How long a stream is kept whose writer went away without finishing it, in seconds, more than 0.
    public var suspendedTimeToLiveSeconds: Int64 = 86_400
    /// The most bytes that all streams may have together; `nil` for as many as fit the file system.
    public var maximumBytes: Int64?
    /// The most streams, in any state; `nil` for no limit.
    public var maximumStreams: Int64?
    /// Whether sealed streams are removed where an upload needs their room, those that were not read for longest first;
    /// otherwise the upload is refused.
    public var evicts = true
    /// How many threads wait for devices.
    public var ioThreads = 4

    /// The defaults.
    public init() {}

    /// The longest stream that there can be.
    var largestStream: Int64 { min(self.maximumStreamSize, self.maximumBytes ?? .max) }

    /// How long streams are kept that do not say so themselves.
    var keepingRules: KeepingRules {
        KeepingRules(
            timeToLiveSeconds: self.timeToLiveSeconds,
            suspendedTimeToLiveSeconds: self.suspendedTimeToLiveSeconds
        )
    }

    /// Takes the keys of a backend that keeps streams in files.
    ///
    /// ## Keys
    /// - `directory` (string, default `cache`): where the streams live; made where it is missing.
    /// - `durability` (`process` or `power`, default `process`): against what STOPPED promises that a stream is safe.
    /// - `digest` (`sha256` or `none`, default `sha256`): whether the bytes are digested as they are stored.
    /// - `maxStreamBytes` (integer, default 4294967296): the longest stream.
    /// - `minFreeBytes` (integer, default 67108864): how much of the file system uploads leave free.
    /// - `ttlSeconds` (integer, default 0): how long a sealed stream is kept whose writer did not say; 0 is for ever.
    /// - `suspendedTTLSeconds` (integer, default 86400): how long a stream is kept whose writer went away.
    /// - `maxBytes` (integer, optional): the most bytes that all streams may have together.
    /// - `maxStreams` (integer, optional): the most streams, in any state.
    /// - `evict` (boolean, default true): whether sealed streams are removed where an upload needs their room, those
    ///   that were not read for longest first.
    /// - `ioThreads` (integer from 1 to 256, default 4): how many threads wait for devices.
    ///
    /// - Parameter section: The backend's part of the configuration.
    /// - Throws: ``ConfigError`` that names the key at fault.
    public init(from section: inout ConfigSection) throws(ConfigError) {
        self.directory = try section.string("directory", default: self.directory)
        if self.directory.isEmpty {
            throw section.error("directory", found: "an empty string", accepted: "the path of a directory")
        }
        self.durability = try section.choice("durability", default: FileDurability.process).durability
        self.digest = try section.choice("digest", default: self.digest)
        self.maximumStreamSize = try section.integer(
            "maxStreamBytes",
            default: self.maximumStreamSize,
            in: 1...(1 << 50)
        )
        self.minimumFreeBytes = try section.integer("minFreeBytes", default: self.minimumFreeBytes, in: 0...(1 << 50))
        let years = Int64(100 * 366 * 86_400)
        let seconds = try section.integer("ttlSeconds", default: 0, in: 0...years)
        self.timeToLiveSeconds = seconds == 0 ? nil : seconds
        self.suspendedTimeToLiveSeconds = try section.integer(
            "suspendedTTLSeconds",
            default: self.suspendedTimeToLiveSeconds,
            in: 1...years
        )
        self.maximumBytes = try section.optionalInteger("maxBytes", in: 1...(1 << 60))
        self.maximumStreams = try section.optionalInteger("maxStreams", in: 1...(1 << 40))
        self.evicts = try section.bool("evict", default: self.evicts)
        self.ioThreads = Int(try section.integer("ioThreads", default: Int64(self.ioThreads), in: 1...256))
    }

    /// What files can promise.
    private enum FileDurability: String, CaseIterable {
        case process, power

        var durability: Durability {
            switch self {
            case .process: .process
            case .power: .power
            }
        }
    }
}
