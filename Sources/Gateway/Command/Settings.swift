import CacheProtocol
import GatewayServer
import Logging

/// The configuration in force: the file's, changed by the command line's flags.
struct Settings: Sendable {
    /// The file it came from.
    let file: String
    private let hasFile: Bool
    let gateway: GatewayConfiguration
    /// The values in force, as JSON.
    let text: String
    /// Where the backend keeps files, if it does.
    private let directory: String?
    private let plan: BackendRegistry.Plan
    private let backend: ConfigValue?

    /// Reads the configuration.
    ///
    /// - Parameters:
    ///   - file: Where it is; `nil` for the defaults.
    ///   - overrides: What the command line changes.
    ///   - socket: What the gateway listens on in place of the configuration's address and port, if that was handed over.
    /// - Throws: ``ConfigError`` with what is wrong, and where.
    init(file: String?, overrides: Overrides, socket: InheritedSocket? = nil) throws {
        self.file = file ?? "(built in)"
        self.hasFile = file != nil
        var values = try file.map { try ConfigFile.parse(try ProcessSetup.contents(of: $0), file: $0) } ?? [:]
        if file == nil { values["backend"] = .object(["type": .string("mmap")]) }
        for change in overrides.changes { Self.apply(change, to: &values) }
        var section = ConfigSection(values, file: self.file)
        do {
            (self.gateway, self.plan) = try Self.read(&section, socket)
        } catch var error as ConfigError {
            if socket != nil, error.keyPath == "listen.host" { error.file = "(the socket of LISTEN_FDS)" }
            // What came from a flag is not in the file.
            if let change = overrides.changes.first(where: { $0.keyPath == error.keyPath }) { error.file = change.flag }
            throw error
        }
        self.text = ConfigFile.text(section.effective)
        self.backend = section.effective["backend"]
        if case .object(let backend) = self.backend, case .string(let path) = backend["directory"] {
            self.directory = path
        } else {
            self.directory = nil
        }
    }

    /// The backend's keys whose values are others in other settings.
    func changedBackendKeys(in other: Self) -> [String] {
        guard case .object(let old) = self.backend, case .object(let new) = other.backend else { return [] }
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] && $0 != "type" }.sorted().map {
            "backend.\($0)"
        }
    }

    private static func read(
        _ section: inout ConfigSection,
        _ socket: InheritedSocket?
    ) throws -> (GatewayConfiguration, BackendRegistry.Plan) {
        var gateway = try GatewayConfiguration(from: &section)
        let registry = BackendRegistry.standard
        let plan = try section.section("backend") { try registry.plan(from: &$0) }
        try section.finish()
        gateway.backendType = plan.type
        if let socket { (gateway.host, gateway.port) = (socket.host, socket.port) }
        gateway.access = try TokenSources.policy(for: gateway, file: section.file)
        try gateway.checkExposure(file: section.file)
        try SecretFile.checkKey(gateway, file: section.file)
        try gateway.checkCertificate(file: section.file)
        return (gateway, plan)
    }

    private static func apply(_ change: Overrides.Change, to values: inout [String: ConfigValue]) {
        switch values[change.section] {
        case .object(var members):
            members[change.key] = change.value
            values[change.section] = .object(members)
        case .none: values[change.section] = .object([change.key: change.value])
        case .some: break  // Not an object: reading it says so.
        }
    }

    /// What to tell a person who started the gateway: where the command line names no configuration, or standard error
    /// is a terminal; and never among lines of JSON.
    func banner(port: Int) -> Banner? {
        guard self.gateway.logFormat == .text, !self.hasFile || ProcessSetup.isTerminal(2) else { return nil }
        return Banner(gateway: self.gateway, port: port, directory: self.directory.map { ProcessSetup.absolute($0) })
    }

    func makeBackend(_ logger: Logger) async throws -> any CacheBackend { try await self.plan.make() }
}
