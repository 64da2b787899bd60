public import CacheProtocol

/// Where an ``S3Backend`` keeps streams, and how it asks for them.
public struct S3Configuration: Hashable, Sendable {
    /// Where the bucket is.
    public var endpoint: S3Endpoint
    /// What stands before all keys; empty, or ending in a slash.
    public var prefix = ""
    /// A file with credentials, in the format of the AWS command line; `nil` for the environment's.
    public var credentialsFile: String?
    /// The file's section.
    public var profile = "default"
    /// A part of an upload, in bytes; a writer holds up to two of them in memory.
    public var partSize = 8 << 20
    /// The longest copy that is sent by one request, in bytes.
    public var streamedSize: Int64 = 64 << 20
    /// How far a reader that goes on and on fetches ahead at most, in bytes.
    public var readAheadSize = 1 << 20
    /// How long one request may take, and how long a longer one may stand still, in milliseconds.
    public var requestTimeoutMilliseconds: Int64 = 30_000
    /// How long a connection may take to come about, in milliseconds.
    public var connectTimeoutMilliseconds: Int64 = 5_000
    /// How often a request is made at most.
    public var maximumAttempts = 5
    /// How many connections to the store are kept open.
    public var maximumConnections = 32
    /// After how many seconds an upload that nobody completed is aborted.
    public var abandonedUploadSeconds: Int64 = 86_400
    /// How long a sealed stream is kept whose writer did not say, in seconds; `nil` for ever.
    public var timeToLiveSeconds: Int64?
    /// How long a stream is kept whose writer went away, in seconds.
    public var suspendedTimeToLiveSeconds: Int64 = 86_400
    /// The time between two looks for what is to be removed, in seconds.
    public var upkeepSeconds: Int64 = 86_400

    var retries = RetryPolicy()
    /// The most that a store copies at once, in bytes.
    var copySize: Int64 = 5 << 30

    /// The most parts that an object has.
    static let maximumParts: Int64 = 10_000

    /// Asks for a bucket, with the defaults for everything else.
    ///
    /// - Parameter endpoint: Where the bucket is.
    public init(endpoint: S3Endpoint) { self.endpoint = endpoint }

    /// The longest stream.
    var maximumStreamSize: Int64 { min(Int64(self.partSize) * Self.maximumParts, 5 << 40) }

    /// The size of parts, for a stream of a size that may be known.
    func partSize(for expected: Int64?) -> Int {
        // All parts but the last have one size, which some stores ask for.
        let least = (expected ?? 0) / Self.maximumParts + 1
        return max(self.partSize, Int(min(least, 5 << 30)))
    }

    /// Takes the keys of this backend.
    ///
    /// ## Keys
    /// - `endpoint` (string, required): `https://` or `http://`, a host, and a port where needed.
    /// - `bucket` (string, required): the bucket; it must exist.
    /// - `region` (string, default `us-east-1`): the region that requests are signed for.
    /// - `pathStyle` (boolean, default true): whether the bucket stands in the path, and not in the host's name.
    /// - `prefix` (string, default empty): what stands before all keys; ends in a slash.
    /// - `credentialsFile` (string, optional): a file that only its owner may read; else the environment is asked.
    /// - `profile` (string, default `default`): the file's section.
    /// - `partBytes` (integer, default 8388608): a part of an upload.
    /// - `readAheadBytes` (integer, default 1048576): how far reads fetch ahead at most.
    /// - `requestTimeoutMs` (integer, default 30000): how long a request may take.
    /// - `connectTimeoutMs` (integer, default 5000): how long a connection may take to come about.
    /// - `maxAttempts` (integer, default 5): how often a request is made at most.
    /// - `maxConnections` (integer, default 32): how many connections are kept open.
    /// - `abandonedUploadSeconds` (integer, default 86400): after how long an upload that nobody completed is aborted.
    /// - `ttlSeconds` (integer, default 0): how long a sealed stream is kept whose writer did not say; 0 for ever.
    /// - `suspendedTTLSeconds` (integer, default 86400): how long a stream is kept whose writer went away.
    /// - `upkeepSeconds` (integer, default 86400): the time between two looks for what is to be removed.
    ///
    /// - Parameter section: The backend's part of the configuration.
    /// - Throws: ``/CacheProtocol/ConfigError`` that names the key at fault.
    public init(from section: inout ConfigSection) throws(ConfigError) {
        let url = try section.requiredString("endpoint")
        let bucket = try section.requiredString("bucket")
        let region = try section.string("region", default: "us-east-1")
        let usesPathStyle = try section.bool("pathStyle", default: true)
        guard Self.isPlain(bucket, allowing: "-."), bucket.utf8.count <= 63 else {
            throw section.error(
                "bucket",
                found: "\"\(bucket)\"",
                accepted: "up to 63 letters, digits, dots and hyphens"
            )
        }
        guard Self.isPlain(region, allowing: "-"), !region.isEmpty else {
            throw section.error("region", found: "\"\(region)\"", accepted: "letters, digits and hyphens")
        }
        guard
            let endpoint = S3Endpoint(url: url, bucket: bucket, region: region, usesPathStyle: usesPathStyle)
        else {
            throw section.error(
                "endpoint",
                found: "\"\(url)\"",
                accepted: "http:// or https://, a host, and a port or none"
            )
        }
        self.init(endpoint: endpoint)
        self.prefix = try section.string("prefix", default: "")
        guard self.prefix.isEmpty || self.prefix.hasSuffix("/"), Self.isPlain(self.prefix, allowing: "-._~/"),
            self.prefix.utf8.count <= 512, !self.prefix.hasPrefix("/")
        else {
            throw section.error(
                "prefix",
                found: "\"\(self.prefix)\"",
                accepted: "letters, digits and - . _ ~ /, beginning with none of the slashes and ending in one"
            )
        }
        self.credentialsFile = try section.optionalString("credentialsFile")
        self.profile = try section.string("profile", default: self.profile)
        self.partSize = Int(try section.integer("partBytes", default: Int64(self.partSize), in: 5 << 20...1 << 30))
        let ahead = Int64(self.readAheadSize)
        self.readAheadSize = Int(try section.integer("readAheadBytes", default: ahead, in: 65_536...64 << 20))
        try self.readLimits(from: &section)
    }

    private mutating func readLimits(from section: inout ConfigSection) throws(ConfigError) {
        let years = Int64(100 * 366 * 86_400)
        let milliseconds = Int64(1)...3_600_000
        self.requestTimeoutMilliseconds = try section.integer("requestTimeoutMs", default: 30_000, in: milliseconds)
        self.connectTimeoutMilliseconds = try section.integer("connectTimeoutMs", default: 5_000, in: milliseconds)
        self.maximumAttempts = Int(try section.integer("maxAttempts", default: 5, in: 1...20))
        self.retries.maximumAttempts = self.maximumAttempts
        self.maximumConnections = Int(try section.integer("maxConnections", default: 32, in: 1...10_000))
        self.abandonedUploadSeconds = try section.integer("abandonedUploadSeconds", default: 86_400, in: 60...years)
        let seconds = try section.integer("ttlSeconds", default: 0, in: 0...years)
        self.timeToLiveSeconds = seconds == 0 ? nil : seconds
        self.suspendedTimeToLiveSeconds = try section.integer("suspendedTTLSeconds", default: 86_400, in: 1...years)
        self.upkeepSeconds = try section.integer("upkeepSeconds", default: 86_400, in: 60...years)
    }

    private static func isPlain(_ text: String, allowing others: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || others.utf8.contains(byte)
        }
    }
}
