public import Logging
import NIOCore
import Wire

/// How the gateway listens, logs, and guards itself; everything but the backend.
public struct GatewayConfiguration: Hashable, Sendable {
    /// When a client is greeted with CONNECTED.
    public enum Greeting: String, Hashable, Sendable, CaseIterable {
        /// Once it has said nothing for a second: then it may be one that waits for that.
        case lazy
        /// Never.
        case off
        /// At once.
        case eager
    }

    /// How a log line reads.
    public enum LogFormat: String, Hashable, Sendable, CaseIterable {
        /// For people.
        case text
        /// For programs: one JSON object a line.
        case json
    }

    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 for any free one.
    public var port = 8080
    /// The path that speaks WebSocket.
    public var path = "/audio"
    /// What is logged.
    public var logLevel = Logger.Level.info
    /// How it is logged, by a program that has a log of its own.
    public var logFormat = LogFormat.text
    /// When a client is greeted.
    public var greeting = Greeting.lazy
    /// The most WebSocket connections.
    public var maximumConnections = 10_000
    /// The longest text message, in bytes.
    public var maximumTextLength = 64 << 10
    /// The longest binary message, in bytes.
    public var maximumBinaryLength: Int64 = 16 << 20
    /// Silence after which a client is given up, in seconds; after half of it, it is pinged.
    public var idleTimeoutSeconds: Int64 = 60
    /// How long a client may take none of the bytes that wait for it, in seconds.
    public var writeTimeoutSeconds: Int64 = 30
    /// How long a whole request header may take, in seconds.
    public var headerTimeoutSeconds: Int64 = 10
    /// How long the gateway goes on to accept when it is told to stop, with `/readyz` saying so, in seconds.
    public var shutdownDelaySeconds: Int64 = 0
    /// How long uploads and answers in progress have when the gateway is told to stop, in seconds.
    public var shutdownGraceSeconds: Int64 = 10
    /// Origins whose pages may connect, beside those of the same host.
    public var allowedOrigins: [String] = []
    /// The names under which the gateway may be reached; empty for any.
    public var allowedHosts: [String] = []
    /// What the backend is called in the configuration.
    public var backendType = ""

    /// The defaults.
    public init() {}

    var upgradePolicy: UpgradePolicy {
        UpgradePolicy(path: self.path, allowedOrigins: self.allowedOrigins, allowedHosts: self.allowedHosts)
    }

    var frameLimits: FrameParser.Limits {
        var limits = FrameParser.Limits()
        limits.textMessageLength = self.maximumTextLength
        limits.binaryMessageLength = self.maximumBinaryLength
        limits.frameLength = max(self.maximumBinaryLength, Int64(self.maximumTextLength))
        return limits
    }

    var timerLimits: ConnectionTimers.Limits {
        ConnectionTimers.Limits(
            pingAfter: .milliseconds(self.idleTimeoutSeconds * 500),
            idle: .seconds(self.idleTimeoutSeconds),
            write: .seconds(self.writeTimeoutSeconds),
            close: .seconds(5),
            greetAfter: self.greeting == .lazy ? .seconds(1) : nil
        )
    }

    /// How many bytes may wait for a client before nothing more is read from it at all.
    var outboundHardLimit: Int64 { 2 << 20 }

    /// The limits of plain HTTP.
    struct HTTP {
        var maximumHeaderLength = 8 << 10
        var maximumFieldLength = 4 << 10
        var maximumFields = 100
        var headerTimeout: TimeAmount
        var idleTimeout: TimeAmount
        var writeTimeout: TimeAmount
    }

    var http: HTTP {
        HTTP(
            headerTimeout: .seconds(self.headerTimeoutSeconds),
            idleTimeout: .seconds(self.idleTimeoutSeconds),
            writeTimeout: .seconds(self.writeTimeoutSeconds)
        )
    }
}
