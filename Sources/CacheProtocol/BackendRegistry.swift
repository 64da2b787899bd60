/// The backends that a configuration can name.
///
/// Registration is explicit: the executable's `main` lists what its build has, and nothing registers itself.
///
/// ```swift
/// var registry = BackendRegistry()
/// registry.register("memory") { section in
///     let configuration = try MemoryPoolConfiguration(from: &section)
///     return { try MemoryPoolBackend(configuration: configuration) }
/// }
/// let plan = try registry.plan(from: &section)
/// let backend = try await plan.make()
/// ```
public struct BackendRegistry: Sendable {
    /// Reads a backend's own part of the configuration, and returns what makes the backend of it. The factory takes
    /// every key that it knows from the section; whatever is left is reported as unknown. Reading has no effect on the
    /// world, so that a configuration can be checked; making may.
    public typealias Factory = @Sendable (_ section: inout ConfigSection) throws -> Maker

    /// Makes a backend whose configuration was read.
    public typealias Maker = @Sendable () async throws -> any CacheBackend

    /// A backend that was asked for and not yet made.
    public struct Plan: Sendable {
        /// What the configuration calls it.
        public let type: String
        /// Makes it.
        public let make: Maker
    }

    private var factories: [String: Factory] = [:]

    /// A registry without any backend.
    public init() {}

    /// The names that a configuration may use, sorted.
    public var types: [String] { self.factories.keys.sorted() }

    /// Adds a backend, in place of one that had the name before.
    ///
    /// - Parameters:
    ///   - type: What the configuration's `type` says.
    ///   - factory: Reads the configuration.
    public mutating func register(_ type: String, _ factory: @escaping Factory) { self.factories[type] = factory }

    /// Reads the section of a backend, which is asked for by its `type`. Configurations nest: a backend that wraps
    /// others plans them from sections inside its own.
    ///
    /// - Parameter section: The section that holds `type` and the backend's own keys.
    /// - Returns: What makes the backend.
    /// - Throws: ``ConfigError`` that names the key at fault.
    public func plan(from section: inout ConfigSection) throws -> Plan {
        let type = try section.requiredString("type")
        guard let factory = self.factories[type] else {
            throw section.error(
                "type",
                found: "\"\(type)\"",
                accepted: "one of " + self.types.map { "\"\($0)\"" }.joined(separator: ", ")
            )
        }
        return Plan(type: type, make: try factory(&section))
    }
}
