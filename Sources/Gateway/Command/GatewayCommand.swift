import ArgumentParser
import CacheProtocol
import GatewayServer
import Logging
import ServiceLifecycle
import UnixSignals

/// The `gateway` executable: reads the configuration, makes the backend, runs the server until it is told to stop.
@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Caches audio streams that clients upload and read over WebSocket.",
        discussion: """
            Without --config it keeps streams in ./cache, listens on 127.0.0.1:8080, and says where to go from there. \
            Flags override the file. SIGHUP makes it read the configuration, tokens and certificates again. A socket that \
            a service manager hands over (LISTEN_FDS) takes the place of --host and --port.

            Exit status: 0 stopped in order; 64 wrong usage; 69 the address or the cache directory is in use or out of \
            reach; 77 not permitted; 78 the configuration is wrong.
            """,
        version: GatewayServer.version,
        subcommands: [HealthcheckCommand.self]
    )

    @OptionGroup var source: ConfigurationSource
    @OptionGroup var overrides: Overrides

    @Flag(help: "Check the configuration, print the values in force, and exit.")
    var checkConfig = false

    func run() async throws {
        ProcessSetup.apply()
        do {
            if self.checkConfig {
                print(try Settings(file: self.source.config, overrides: self.overrides).text, terminator: "")
                return
            }
            let socket = try InheritedSocket.find()
            try await self.serve(Settings(file: self.source.config, overrides: self.overrides, socket: socket), socket)
        } catch {
            let failure = Failure(error)
            ProcessSetup.complain("gateway: \(failure.message)")
            throw ExitCode(failure.status)
        }
    }

    private func serve(_ settings: Settings, _ socket: InheritedSocket?) async throws {
        let output = LogOutput(descriptor: 2)
        let (format, level) = (settings.gateway.logFormat, settings.gateway.logLevel)
        LoggingSystem.bootstrap(
            { LineLogHandler(label: $0, format: format, level: level, output: output, metadataProvider: $1) },
            metadataProvider: nil
        )
        let logger = Logger(label: "gateway")
        let backend = try await settings.makeBackend(logger)
        logger.notice(
            "gateway \(GatewayServer.version) starts",
            metadata: ["backend": "\(settings.gateway.backendType)", "config": "\(settings.file)"]
        )
        var configuration = settings.gateway
        let descriptors = DescriptorRoom.raise()
        if let room = DescriptorRoom.fit(&configuration, to: descriptors) {
            logger.warning(
                "\(descriptors) descriptors are enough for \(room) connections; raise the limit (ulimit -n, LimitNOFILE)"
            )
        }
        let manager = ServiceManager()
        let scheme = settings.gateway.tls == nil ? "ws" : "wss"
        let host = settings.gateway.host.contains(":") ? "[\(settings.gateway.host)]" : settings.gateway.host
        let server = GatewayServer(
            configuration: configuration,
            backend: backend,
            socket: socket?.descriptor,
            logger: logger,
            onListening: { port in
                logger.notice(
                    socket == nil ? "listening" : "listening on the socket that was handed over",
                    metadata: ["url": "\(scheme)://\(host):\(port)\(settings.gateway.path)"]
                )
                if let banner = settings.banner(port: port) {
                    output.add(banner.text) { "\($0) lines were dropped" }
                }
            },
            onReadiness: { manager?.changed($0) }
        )
        let (file, overrides) = (self.source.config, self.overrides)
        let reloading = Reloading(server: server, logger: logger, settings: settings, descriptors: descriptors) {
            try Settings(file: file, overrides: overrides, socket: socket)
        }
        var services: [any Service] = [server, reloading]
        if let manager { services.append(ServiceManager.Watch(manager: manager, server: server)) }
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try await group.run()
        logger.notice("gateway stopped")
    }
}

/// Where the configuration is.
struct ConfigurationSource: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration, a JSON file.")
    var config: String?
}

/// What the command line may change of the configuration.
struct Overrides: ParsableArguments, Sendable {
    @Option(help: "The address to listen on.")
    var host: String?

    @Option(help: "The port to listen on; 0 for any free one.")
    var port: Int64?

    @Option(help: "The path that speaks WebSocket.")
    var path: String?

    @Option(help: "The directory that streams are kept in.")
    var cacheDir: String?

    @Option(help: "What to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Option(help: "How to log: text or json.")
    var logFormat: String?

    /// One value that a flag puts in place of the file's.
    struct Change {
        let flag: String
        let section: String
        let key: String
        let value: ConfigValue
        var keyPath: String { "\(self.section).\(self.key)" }
    }

    var changes: [Change] {
        let values: [(String, String, String, ConfigValue?)] = [
            ("--host", "listen", "host", self.host.map { .string($0) }),
            ("--port", "listen", "port", self.port.map { .integer($0) }),
            ("--path", "listen", "path", self.path.map { .string($0) }),
            ("--log-level", "log", "level", self.logLevel.map { .string($0) }),
            ("--log-format", "log", "format", self.logFormat.map { .string($0) }),
            ("--cache-dir", "backend", "directory", self.cacheDir.map { .string($0) }),
        ]
        return values.compactMap { flag, section, key, value in
            value.map { Change(flag: flag, section: section, key: key, value: $0) }
        }
    }
}
