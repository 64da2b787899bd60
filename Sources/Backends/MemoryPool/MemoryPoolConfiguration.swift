public import CacheProtocol

/// How streams are kept in memory.
public struct MemoryPoolConfiguration: Hashable, Sendable {
    /// Whether the bytes are digested as they are stored.
    public enum Digest: String, Hashable, Sendable, CaseIterable {
        /// SHA-256 of every stream, checked where the writer declares one.
        case sha256
        /// None; a declared digest is not checked.
        case none
    }

    /// The sizes that a page may have, in bytes; powers of two only.
    public static let pageSizes: ClosedRange<Int> = (4 << 10)...(1 << 20)

    /// The pool's size in bytes: a whole number of pages. All of it is taken at start, and never more.
    public var capacity: Int64 = 256 << 20
    /// A page's size in bytes, a power of two in ``pageSizes``.
    ///
    /// A stream takes whole pages, and one read brings bytes of one page. The default is the usual size of a read:
    /// reads in order never straddle a page, one at an odd offset comes in two parts, and 1,000 streams waste 32 MB on
    /// average. Larger pages save less per read than they waste per stream.
    public var pageSize = 64 << 10
    /// Whether the bytes are digested as they are stored.
    public var digest = Digest.sha256
    /// How long a stream is kept whose writer went away without finishing it, in seconds, more than 0.
    public var suspendedTimeToLiveSeconds: Int64 = 3_600
    /// How long a sealed stream is kept whose writer did not say, in seconds, more than 0; `nil` until room is needed.
    public var timeToLiveSeconds: Int64?
    /// Whether the pool's memory is written to at start, so that no upload pays for its first use.
    public var preTouch = true
    /// The most streams, in any state.
    public var maximumStreams = 65_536

    /// The defaults.
    public init() {}

    /// Takes the keys of this backend.
    ///
    /// ## Keys
    /// - `capacityBytes` (integer, default 268435456): the pool's size; a multiple of `pageBytes`.
    /// - `pageBytes` (integer, default 65536): a page's size; a power of two from 4096 to 1048576.
    /// - `digest` (`sha256` or `none`, default `sha256`): whether the bytes are digested as they are stored.
    /// - `suspendedTTLSeconds` (integer, default 3600): how long a stream is kept whose writer went away.
    /// - `ttlSeconds` (integer, optional): how long a sealed stream is kept whose writer did not say; absent: until
    ///   room is needed.
    /// - `preTouch` (boolean, default true): whether the pool's memory is written to at start.
    /// - `maxStreams` (integer, default 65536): the most streams, in any state.
    ///
    /// - Parameter section: The backend's part of the configuration.
    /// - Throws: ``/CacheProtocol/ConfigError`` that names the key at fault.
    public init(from section: inout ConfigSection) throws(ConfigError) {
        let sizes = Int64(Self.pageSizes.lowerBound)...Int64(Self.pageSizes.upperBound)
        let years = Int64(1)...Int64(100 * 366 * 86_400)
        self.pageSize = Int(try section.integer("pageBytes", default: Int64(self.pageSize), in: sizes))
        if self.pageSize.nonzeroBitCount != 1 {
            throw section.error(
                "pageBytes",
                found: "the number \(self.pageSize)",
                accepted: "a power of two from \(sizes.lowerBound) to \(sizes.upperBound)"
            )
        }
        self.capacity = try section.integer("capacityBytes", default: self.capacity, in: sizes.lowerBound...(1 << 44))
        if self.capacity < self.pageSize || self.capacity % Int64(self.pageSize) != 0 {
            throw section.error(
                "capacityBytes",
                found: "the number \(self.capacity)",
                accepted: "a multiple of pageBytes, which is \(self.pageSize)"
            )
        }
        self.digest = try section.choice("digest", default: self.digest)
        self.suspendedTimeToLiveSeconds = try section.integer(
            "suspendedTTLSeconds",
            default: self.suspendedTimeToLiveSeconds,
            in: years
        )
        self.timeToLiveSeconds = try section.optionalInteger("ttlSeconds", in: years)
        self.preTouch = try section.bool("preTouch", default: self.preTouch)
        self.maximumStreams = Int(
            try section.integer("maxStreams", default: Int64(self.maximumStreams), in: 1...1_000_000)
        )
    }

    /// What is wrong with the values, for configurations that were not read from a section.
    var fault: String? {
        if !Self.pageSizes.contains(self.pageSize) || self.pageSize.nonzeroBitCount != 1 {
            return "a page of \(self.pageSize) bytes is not a power of two from \(Self.pageSizes.lowerBound) to "
                + "\(Self.pageSizes.upperBound)"
        }
        if self.capacity < self.pageSize || self.capacity % Int64(self.pageSize) != 0 {
            return "a pool of \(self.capacity) bytes is not a whole number of pages of \(self.pageSize)"
        }
        if self.maximumStreams < 1 { return "at most \(self.maximumStreams) streams leaves room for none" }
        if self.suspendedTimeToLiveSeconds < 1 || self.timeToLiveSeconds.map({ $0 < 1 }) == true {
            return "a time to live is less than a second"
        }
        return nil
    }
}
