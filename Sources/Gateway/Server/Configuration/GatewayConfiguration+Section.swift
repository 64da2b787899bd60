public import CacheProtocol
import Logging

extension GatewayConfiguration {
    /// Takes the gateway's own keys; `backend` is left for the registry.
    ///
    /// ## Keys
    /// - `listen.host` (string, default `127.0.0.1`), `listen.port` (0 to 65535, default 8080), `listen.path` (string,
    ///   default `/audio`): where the gateway is reached.
    /// - `log.level` (`trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`; default `info`).
    /// - `log.format` (`text`, `json`; default `text`).
    /// - `greeting` (`lazy`, `off`, `eager`; default `lazy`): when clients are greeted with CONNECTED.
    /// - `limits.maxConnections`, `limits.maxTextMessageBytes`, `limits.maxBinaryMessageBytes`,
    ///   `limits.idleTimeoutSeconds`, `limits.writeTimeoutSeconds`, `limits.headerTimeoutSeconds`,
    ///   `limits.shutdownDelaySeconds`, `limits.shutdownGraceSeconds`.
    /// - `security.allowedOrigins`, `security.allowedHosts` (lists of strings).
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
        }
    }

    private mutating func takeLimits(from limits: inout ConfigSection) throws(ConfigError) {
        self.maximumConnections = Int(
            try limits.integer("maxConnections", default: Int64(self.maximumConnections), in: 1...1_000_000)
        )
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
