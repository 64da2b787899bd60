import CacheProtocol
import Testing

@Suite("The registry of backends")
struct BackendRegistryTests {
    private struct Made: Error, Equatable {
        var type: String
        var size: Int64
    }

    /// Two types, whose making fails with what was read.
    private func registry() -> BackendRegistry {
        var registry = BackendRegistry()
        for type in ["mmap", "memory"] {
            registry.register(type) { section in
                let size = try section.integer("size", default: 1, in: 0...9)
                return { throw Made(type: type, size: size) }
            }
        }
        return registry
    }

    @Test("a type that this build has not got is refused with those that it has")
    func unknownType() {
        var section = ConfigSection(["type": .string("redis")], file: "f", keyPath: "backend")
        let error = #expect(throws: ConfigError.self) { try self.registry().plan(from: &section) }
        #expect(error?.keyPath == "backend.type")
        #expect(error?.found == "\"redis\"")
        #expect(error?.accepted == "one of \"memory\", \"mmap\"")
    }

    @Test("the factory of the type reads the section, and making comes later")
    func factory() async throws {
        var section = ConfigSection(["type": .string("memory"), "size": .integer(3)], file: "f", keyPath: "backend")
        let plan = try self.registry().plan(from: &section)
        try section.finish()
        #expect(plan.type == "memory")
        await #expect(throws: Made(type: "memory", size: 3)) { try await plan.make() }
    }

    @Test("what the factory refuses is refused when the section is read")
    func refused() {
        var wrong = ConfigSection(["type": .string("memory"), "size": .integer(10)], file: "f", keyPath: "backend")
        #expect(throws: ConfigError.self) { try self.registry().plan(from: &wrong) }
    }

    @Test("without a type there is no backend")
    func noType() {
        var section = ConfigSection([:], file: "f", keyPath: "backend")
        #expect(throws: ConfigError.self) { try self.registry().plan(from: &section) }
    }
}
