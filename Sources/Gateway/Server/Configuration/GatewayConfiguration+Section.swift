public import CacheProtocol
import Logging

extension GatewayConfiguration {
    /// Takes the gateway's own keys; `backend` is left for the registry.
    ///
    /// ## Keys
    /// - `listen.host` (string, default `127.0.0.1`), `listen.port` (0 to 65535, default 8080), `listen.path` (string,
    ///   default `/audio`): where the gateway is reached. `listen.tlsCertificate`, `listen.tlsKey` (strings, both or
    ///   neither): the files that connections are encrypted with.
    /// - `log.level` (`trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`; default `info`).
    /// - `log.format` (`text`, `json`; default `text`).
    /// - `greeting` (`lazy`, `off`, `eager`; default `lazy`): when clients are greeted with CONNECTED.
    /// - `limits.…` (whole numbers): see docs/configuration.md.
    /// - `security.allowedOrigins`, `security.allowedHosts` (lists of strings), `security.tokenFile`,
    ///   `security.tokenVariable` (strings), `security.insecure` (boolean).
    ///
    /// - Parameter section: The top of the configuration.
    /// - Throws: ``ConfigError`` that names the key at fault.
    public init(from section: inout ConfigSection) throws {
        self.init()
        try section.section("listen") { listen in
            self.host = try listen.string("host", default: self.host)
            self.port = Int(try listen.integer("port", default: Int64(self.port), in: 0...65_535))
            self.path = try listen.string("path", default: self.path)
            guard self.path.hasPrefix("/"), Self.isFree(self.path), Self.isPlain(self.path) else {
                throw listen.error(
                    "path",
                    found: "\"\(self.path)\"",
                    accepted: "a path such as \"/audio\": a slash, then letters, digits and . _ - /; "
                        + "not one that is taken: \(GatewayRoutes.reservedPaths.joined(separator: ", "))"
                )
            }
            let certificate = try listen.optionalString("tlsCertificate")
            let key = try listen.optionalString("tlsKey")
            switch (certificate, key) {
            case (let certificate?, let key?): self.tls = TLS(certificate: certificate, key: key)
            case (.none, .none): self.tls = nil
            case (.some, .none):
                throw listen.error("tlsKey", found: "nothing", accepted: "the certificate's key, in PEM")
            case (.none, .some):
                throw listen.error("tlsCertificate", found: "nothing", accepted: "a certificate, in PEM")
            }
        }
        try section.section("log") { log in
            self.logLevel = try log.choice("level", default: self.logLevel)
            self.logFormat = try log.choice("format", default: self.logFormat)
        }
        self.greeting = try section.choice("greeting", default: self.greeting)
        try section.section("limits") { limits in try self.takeLimits(from: &limits) }
        try section.section("security") { security in
            self.allowedOrigins = try security.strings("allowedOrigins", default: [])
            self.allowedHosts = try security.strings("allowedHosts", default: [])
            self.isInsecure = try security.bool("insecure", default: self.isInsecure)
            self.tokenFile = try security.optionalString("tokenFile")
            self.tokenVariable = try security.optionalString("tokenVariable")
        }
    }

    private mutating func takeLimits(from limits: inout ConfigSection) throws(ConfigError) {
        self.maximumConnections = Int(
            try limits.integer("maxConnections", default: Int64(self.maximumConnections), in: 1...1_000_000)
        )
        try self.takeCounts(from: &limits)
        self.maximumTextLength = Int(
            try limits.integer("maxTextMessageBytes", default: Int64(self.maximumTextLength), in: 1_024...(1 << 20))
        )
        self.maximumBinaryLength = try limits.integer(
            "maxBinaryMessageBytes",
            default: self.maximumBinaryLength,
            in: 65_536...(1 << 40)
        )
        self.idleTimeoutSeconds = try limits.integer(
            "idleTimeoutSeconds",
            default: self.idleTimeoutSeconds,
            in: 2...86_400
        )
        self.writeTimeoutSeconds = try limits.integer(
            "writeTimeoutSeconds",
            default: self.writeTimeoutSeconds,
            in: 1...86_400
        )
        self.headerTimeoutSeconds = try limits.integer(
            "headerTimeoutSeconds",
            default: self.headerTimeoutSeconds,
            in: 1...600
        )
        self.shutdownDelaySeconds = try limits.integer(
            "shutdownDelaySeconds",
            default: self.shutdownDelaySeconds,
            in: 0...3_600
        )
        self.shutdownGraceSeconds = try limits.integer(
            "shutdownGraceSeconds",
            default: self.shutdownGraceSeconds,
            in: 0...3_600
        )
    }

    private mutating func takeCounts(from limits: inout ConfigSection) throws(ConfigError) {
        func count(
            _ key: String,
            _ value: Int,
            _ range: ClosedRange<Int64>
        ) throws(ConfigError) -> Int {
            Int(clamping: try limits.integer(key, default: Int64(value), in: range))
        }
        self.maximumConnectionsPerPeer = try count(
            "maxConnectionsPerPeer",
            self.maximumConnectionsPerPeer,
            1...1_000_000
        )
        self.maximumPlainConnections = try count("maxPlainConnections", self.maximumPlainConnections, 1...1_000_000)
        self.maximumOpenStreams = try count("maxOpenStreams", self.maximumOpenStreams, 1...1_000_000)
        self.maximumStartsPerSecond = try limits.integer(
            "maxStartsPerSecond",
            default: self.maximumStartsPerSecond,
            in: 1...1_000_000
        )
        self.maximumPingsPerSecond = try count("maxPingsPerSecond", self.maximumPingsPerSecond, 1...100_000)
        self.maximumUnsentBytes = try limits.integer(
            "maxUnsentBytes",
            default: self.maximumUnsentBytes,
            in: (1 << 20)...(1 << 40)
        )
        self.maximumHeaderLength = try count("maxHeaderBytes", self.maximumHeaderLength, 1_024...65_536)
        self.maximumHeaderFields = try count("maxHeaderFields", self.maximumHeaderFields, 8...1_000)
        self.maximumTextFragments = try count("maxTextFragments", self.maximumTextFragments, 1...65_536)
        self.messageTimeoutSeconds = try limits.integer(
            "messageTimeoutSeconds",
            default: self.messageTimeoutSeconds,
            in: 1...3_600
        )
        self.closeTimeoutSeconds = try limits.integer(
            "closeTimeoutSeconds",
            default: self.closeTimeoutSeconds,
            in: 1...600
        )
    }

    /// Whether nothing else of the gateway is at a path. Empty segments mean nothing there.
    private static func isFree(_ path: String) -> Bool {
        let first = path.split(separator: "/").first
        return !GatewayRoutes.reservedPaths.contains { $0.dropFirst() == first ?? "" }
    }

    private static func isPlain(_ path: String) -> Bool {
        path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "/._-".utf8.contains(byte)
            }
        }
    }
}
