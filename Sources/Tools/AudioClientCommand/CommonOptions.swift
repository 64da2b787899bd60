import ArgumentParser
import AudioClient
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How results are told.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Write the result as one JSON document to standard output.")
    var json = false

    @Flag(help: "Write nothing but the result.")
    var quiet = false
}

/// What every command that talks to a server takes.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's URL (default: AUDIO_CACHE_SERVER, or \(ClientConfiguration.defaultURL)).")
    var server: String?

    @Option(help: "A file with the token that the server asks for (default: the token in AUDIO_CACHE_TOKEN, if any).")
    var tokenFile: String?

    @Option(
        help: "With wss://: a file with the certificates of the authorities to trust, in PEM (default: the system's)."
    )
    var caFile: String?

    @Option(help: "Bytes of a chunk (default: \(ClientConfiguration.defaultChunkSize), or less for a server's sake).")
    var chunkSize: Int?

    @Option(help: "How long connecting may take, and the handshake after that, in milliseconds.")
    var connectTimeoutMs = 5_000

    @Option(help: "How long the server may be silent when it is its turn, in milliseconds (default: 10000).")
    var answerTimeoutMs: Int?

    @Option(help: "How often to try again when a connection fails.")
    var retries = 10

    @Option(help: "The least important level that is logged.")
    var logLevel = LogLevel.warning

    @OptionGroup
    var output: OutputOptions

    /// The URL that somebody gave, if anybody did.
    func givenURL() throws(ClientError) -> ServerURL? {
        let text = self.server ?? getenv("AUDIO_CACHE_SERVER").map { String(cString: $0) }
        guard let text, self.server != nil || !text.isEmpty else { return nil }
        return try ServerURL(text)
    }

    /// The token. It is never a flag's value, which everybody on the machine could read (ps(1)).
    private func token() throws(ClientError) -> BearerToken? {
        if let path = self.tokenFile { return try BearerToken(file: path) }
        guard let text = getenv("AUDIO_CACHE_TOKEN").map({ String(cString: $0) }), !text.isEmpty else { return nil }
        return try BearerToken(text, from: "AUDIO_CACHE_TOKEN")
    }

    /// The client's configuration.
    func clientConfiguration() throws(ClientError) -> ClientConfiguration {
        var configuration = ClientConfiguration()
        if let chunkSize = self.chunkSize {
            configuration.chunkSize = chunkSize
            configuration.isChunkSizeFixed = true
        }
        configuration.connectTimeout = .milliseconds(self.connectTimeoutMs)
        configuration.handshakeTimeout = configuration.connectTimeout
        if let answerTimeoutMs = self.answerTimeoutMs { configuration.answerTimeout = .milliseconds(answerTimeoutMs) }
        configuration.backoff.maximumRetries = self.retries
        configuration.token = try self.token()
        configuration.certificateAuthorities = self.caFile
        try configuration.validate()
        return configuration
    }
}

/// The levels of swift-log, as an option.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical

    /// The level.
    var level: Logger.Level { Logger.Level(rawValue: self.rawValue) ?? .warning }
}
