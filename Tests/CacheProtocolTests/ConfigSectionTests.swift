import CacheProtocol
import Testing

@Suite("A section of the configuration")
struct ConfigSectionTests {
    private enum Color: String, CaseIterable {
        case red, green
    }

    private func section(_ values: [String: ConfigValue]) -> ConfigSection {
        ConfigSection(values, file: "gateway.json", keyPath: "backend")
    }

    @Test("values are taken by their kind")
    func takes() throws {
        var section = self.section([
            "name": .string("x"), "count": .integer(3), "isOn": .bool(true), "color": .string("green"),
            "list": .array([.string("a"), .string("b")]),
        ])
        #expect(try section.string("name", default: "y") == "x")
        #expect(try section.integer("count", default: 1, in: 0...3) == 3)
        #expect(try section.bool("isOn", default: false))
        #expect(try section.choice("color", default: Color.red) == .green)
        #expect(try section.strings("list", default: []) == ["a", "b"])
        try section.finish()
        #expect(section.effective["count"] == .integer(3))
    }

    @Test("absent keys have their defaults, which count as in force")
    func defaults() throws {
        var section = self.section([:])
        #expect(try section.string("name", default: "y") == "y")
        #expect(try section.optionalString("other") == nil)
        #expect(try section.integer("count", default: 1, in: 0...3) == 1)
        #expect(try section.optionalInteger("limit", in: 0...3) == nil)
        #expect(try section.bool("isOn", default: true))
        #expect(try section.choice("color", default: Color.red) == .red)
        #expect(try section.strings("list", default: ["z"]) == ["z"])
        try section.finish()
        let effective: [String: ConfigValue] = [
            "name": .string("y"), "count": .integer(1), "isOn": .bool(true), "color": .string("red"),
            "list": .array([.string("z")]),
        ]
        #expect(section.effective == effective)
    }

    @Test("an error names file, key, what was found and what is accepted")
    func error() {
        var section = self.section(["count": .integer(4)])
        let error = #expect(throws: ConfigError.self) { try section.integer("count", default: 1, in: 0...3) }
        #expect(
            error?.description
                == "gateway.json: backend.count: found the number 4; accepted: a whole number from 0 to 3."
        )
    }

    @Test(
        "another kind of value is refused",
        arguments: [
            ConfigValue.bool(true), .integer(9), .number(1.5), .string("blue"), .array([]), .object([:]),
        ]
    )
    func wrongKind(_ value: ConfigValue) {
        var section = self.section(["key": value])
        #expect(throws: ConfigError.self) { try section.choice("key", default: Color.red) }
        var second = self.section(["key": value])
        #expect(throws: ConfigError.self) { try second.integer("key", default: 0, in: 0...3) }
        var third = self.section(["key": .array([value])])
        if case .string = value {
            #expect(throws: Never.self) { try third.strings("key", default: []) }
        } else {
            #expect { try third.strings("key", default: []) } throws: {
                ($0 as? ConfigError)?.keyPath == "backend.key[0]"
            }
        }
    }

    @Test("a required string is there, and not empty")
    func required() {
        for values in [[:], ["type": ConfigValue.string("")], ["type": .integer(1)]] {
            var section = self.section(values)
            #expect(throws: ConfigError.self) { try section.requiredString("type") }
        }
    }

    @Test("a key that nobody knows is refused, and the nearest one is proposed")
    func unknownKey() throws {
        var section = self.section(["capacty": .integer(3)])
        _ = try section.integer("capacity", default: 1, in: 0...10)
        _ = try section.bool("preTouch", default: true)
        let error = #expect(throws: ConfigError.self) { try section.finish() }
        #expect(error?.keyPath == "backend.capacty")
        #expect(error?.accepted == "capacity, preTouch; did you mean \"capacity\"?")
    }

    @Test("nested sections are read with their path, and finished")
    func nested() throws {
        var section = self.section(["inner": .object(["deep": .object(["key": .integer(1)]), "typo": .integer(2)])])
        let error = #expect(throws: ConfigError.self) {
            try section.section("inner") { inner in
                try inner.section("deep") { deep in try deep.integer("key", default: 0, in: 0...9) }
            }
        }
        #expect(error?.keyPath == "backend.inner.typo")
        var absent = self.section([:])
        let value = try absent.section("inner") { inner in try inner.integer("key", default: 7, in: 0...9) }
        #expect(value == 7)
        #expect(absent.effective["inner"] == .object(["key": .integer(7)]))
    }
}
