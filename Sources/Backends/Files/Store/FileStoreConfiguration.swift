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
    /// How many threads wait for devices.
    public var ioThreads = 4

    /// The defaults.
    public init() {}

    /// Takes the keys of a backend that keeps streams in files.
    ///
    /// ## Keys
    /// - `directory` (string, default `cache`): where the streams live; made where it is missing.
    /// - `durability` (`process` or `power`, default `process`): against what STOPPED promises that a stream is safe.
    /// - `digest` (`sha256` or `none`, default `sha256`): whether the bytes are digested as they are stored.
    /// - `maxStreamBytes` (integer, default 4294967296): the longest stream.
    /// - `minFreeBytes` (integer, default 67108864): how much of the file system uploads leave free.
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
        self.maximumStreamSize = try section.integer("maxStreamBytes", default: self.maximumStreamSize, in: 1...(1 << 50))
        self.minimumFreeBytes = try section.integer("minFreeBytes", default: self.minimumFreeBytes, in: 0...(1 << 50))
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
