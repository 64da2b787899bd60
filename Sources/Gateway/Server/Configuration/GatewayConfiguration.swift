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
    /// The files of a certificate and its key.
    public struct TLS: Hashable, Sendable {
        /// The certificate, and those that vouch for it behind it, in PEM.
        public var certificate: String
        /// The certificate's key, in PEM.
        public var key: String

        /// Names the files.
        ///
        /// - Parameters:
        ///   - certificate: The certificate, and those that vouch for it behind it, in PEM.
        ///   - key: The certificate's key, in PEM.
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// What connections are encrypted with; `nil` for plain TCP.
    public var tls: TLS?
    /// What is logged.
    public var logLevel = Logger.Level.info
    /// How it is logged, by a program that has a log of its own.
    public var logFormat = LogFormat.text
    /// When a client is greeted.
    public var greeting = Greeting.lazy
    /// The most WebSocket connections.
    public var maximumConnections = 10_000
    /// The most connections of one address, or IPv6 network of 64 bits; those of this machine are not counted.
    public var maximumConnectionsPerPeer = 256
    /// The most connections that are no WebSockets, or not yet.
    public var maximumPlainConnections = 1_024
    /// Whether the connections of this machine are counted like others': for tests.
    var countsLoopbackPeers = false
    /// The most uploads at a time.
    public var maximumOpenStreams = 1_000
    /// How many streams a connection may begin a second, over ten seconds.
    public var maximumStartsPerSecond: Int64 = 100
    /// How many pings a connection may send a second, over ten seconds.
    public var maximumPingsPerSecond = 10
    /// How many bytes may wait to be sent over all connections before those that have some waiting prepare no more; and
    /// where that does not help, before those are closed that have most.
    public var maximumUnsentBytes: Int64 = 256 << 20
    /// The longest header of a request, in bytes; a field may have half of it.
    public var maximumHeaderLength = 8 << 10
    /// The most fields of a request's header.
    public var maximumHeaderFields = 100
    /// The most frames of a text message.
    public var maximumTextFragments = 1_024
    /// How long a text message may take from its first byte to its last, in seconds.
    public var messageTimeoutSeconds: Int64 = 30
    /// How long a client that was told that the connection closes may take to close it, in seconds.
    public var closeTimeoutSeconds: Int64 = 5
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
    /// The names under which the gateway may be reached. Empty for any where tokens are needed; otherwise for
    /// `localhost`, ``host``, and every address, which DNS rebinding can't use.
    public var allowedHosts: [String] = []
    /// The file that tokens are read from (``TokenList``), by whoever makes ``access`` of it.
    public var tokenFile: String?
    /// The environment variable that tokens are read from, likewise.
    public var tokenVariable: String?
    /// Which tokens there are.
    public var access = AccessPolicy.open
    /// Whether the gateway serves others than this machine without asking for tokens.
    public var isInsecure = false
    /// What the backend is called in the configuration.
    public var backendType = ""

    /// The defaults.
    public init() {}

    var upgradePolicy: UpgradePolicy {
        UpgradePolicy(path: self.path, requests: self.requestPolicy)
    }

    var requestPolicy: RequestPolicy {
        RequestPolicy(
            allowedOrigins: self.allowedOrigins,
            allowedHosts: self.allowedHosts,
            ownName: self.host,
            access: self.access
        )
    }

    var frameLimits: FrameParser.Limits {
        var limits = FrameParser.Limits()
        limits.textMessageLength = self.maximumTextLength
        limits.textFragments = self.maximumTextFragments
        limits.binaryMessageLength = self.maximumBinaryLength
        limits.frameLength = max(self.maximumBinaryLength, Int64(self.maximumTextLength))
        return limits
    }

    var timerLimits: ConnectionTimers.Limits {
        ConnectionTimers.Limits(
            pingAfter: .milliseconds(self.idleTimeoutSeconds * 500),
            idle: .seconds(self.idleTimeoutSeconds),
            write: .seconds(self.writeTimeoutSeconds),
            close: .seconds(self.closeTimeoutSeconds),
            greetAfter: self.greeting == .lazy ? .seconds(1) : nil,
            message: .seconds(self.messageTimeoutSeconds)
        )
    }

    /// How many bytes may wait for a client before nothing more is read from it at all.
    var outboundHardLimit: Int64 { 2 << 20 }

    /// The limits of plain HTTP.
    struct HTTP {
        var maximumHeaderLength: Int
        var maximumFieldLength: Int
        var maximumFields: Int
        var headerTimeout: TimeAmount
        var idleTimeout: TimeAmount
        var writeTimeout: TimeAmount
        var closeTimeout: TimeAmount
    }

    var http: HTTP {
        HTTP(
            maximumHeaderLength: self.maximumHeaderLength,
            maximumFieldLength: self.maximumHeaderLength / 2,
            maximumFields: self.maximumHeaderFields,
            headerTimeout: .seconds(self.headerTimeoutSeconds),
            idleTimeout: .seconds(self.idleTimeoutSeconds),
            writeTimeout: .seconds(self.writeTimeoutSeconds),
            closeTimeout: .seconds(self.closeTimeoutSeconds)
        )
    }

    var censusLimits: ConnectionCensus.Limits {
        ConnectionCensus.Limits(
            plain: self.maximumPlainConnections,
            perPeer: self.maximumConnectionsPerPeer,
            countsLoopback: self.countsLoopbackPeers
        )
    }
}
