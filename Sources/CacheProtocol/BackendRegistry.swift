/// The backends that a configuration can name.
///
/// Registration is explicit: the executable's `main` lists what its build has, and nothing registers itself.
///
/// ```swift
/// var registry = BackendRegistry()
/// registry.register("memory") { section in try MemoryPoolBackend(configuration: .init(from: &section)) }
/// let backend = try await registry.makeBackend(from: &section)
/// ```
public struct BackendRegistry: Sendable {
    /// Makes a backend from its own part of the configuration. The factory takes every key that it knows from the
    /// section; whatever is left is reported as unknown.
    public typealias Factory = @Sendable (_ section: inout ConfigSection) throws -> any CacheBackend

    private var factories: [String: Factory] = [:]

    /// A registry without any backend.
    public init() {}

    /// The names that a configuration may use, sorted.
    public var types: [String] { self.factories.keys.sorted() }

    /// Adds a backend, in place of one that had the name before.
    ///
    /// - Parameters:
    ///   - type: What the configuration's `type` says.
    ///   - factory: Makes the backend.
    public mutating func register(_ type: String, _ factory: @escaping Factory) { self.factories[type] = factory }

    /// Makes the backend that a section asks for by its `type`.
    ///
    /// - Parameter section: The section that holds `type` and the backend's own keys.
    /// - Returns: The backend, not yet running.
    /// - Throws: ``ConfigError`` that names the key at fault, or what the backend throws where it cannot start.
    public func makeBackend(from section: inout ConfigSection) throws -> any CacheBackend {
        let type = try section.requiredString("type")
        guard let factory = self.factories[type] else {
            throw section.error(
                "type",
                found: "\"\(type)\"",
                accepted: "one of " + self.types.map { "\"\($0)\"" }.joined(separator: ", ")
            )
        }
        let backend = try factory(&section)
        try section.finish()
        return backend
    }
}
