import CacheProtocol
import GatewayServer
import Logging

/// The configuration in force: the file's, changed by the command line's flags.
struct Settings {
    /// The file it came from.
    let file: String
    let gateway: GatewayConfiguration
    /// The values in force, as JSON.
    let text: String
    private let plan: BackendRegistry.Plan

    init(file: String?, overrides: Overrides) throws {
        self.file = file ?? "(built in)"
        var values = try file.map { try ConfigFile.parse(try ProcessSetup.contents(of: $0), file: $0) } ?? [:]
        if file == nil { values["backend"] = .object(["type": .string("mmap")]) }
        Self.override(&values, "listen", "host", overrides.host.map { .string($0) })
        Self.override(&values, "listen", "port", overrides.port.map { .integer($0) })
        Self.override(&values, "listen", "path", overrides.path.map { .string($0) })
        Self.override(&values, "log", "level", overrides.logLevel.map { .string($0) })
        Self.override(&values, "backend", "directory", overrides.cacheDir.map { .string($0) })
        var section = ConfigSection(values, file: self.file)
        var gateway = try GatewayConfiguration(from: &section)
        let registry = BackendRegistry.standard
        let plan = try section.section("backend") { try registry.plan(from: &$0) }
        try section.finish()
        gateway.backendType = plan.type
        self.gateway = gateway
        self.plan = plan
        self.text = ConfigFile.text(section.effective)
    }

    private static func override(
        _ values: inout [String: ConfigValue],
        _ section: String,
        _ key: String,
        _ value: ConfigValue?
    ) {
        guard let value else { return }
        switch values[section] {
        case .object(var members):
            members[key] = value
            values[section] = .object(members)
        case .none: values[section] = .object([key: value])
        case .some: break  // Not an object: reading it says so.
        }
    }

    func makeBackend(_ logger: Logger) async throws -> any CacheBackend { try await self.plan.make() }
}
