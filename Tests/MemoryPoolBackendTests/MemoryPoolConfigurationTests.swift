import CacheProtocol
import MemoryPoolBackend
import Testing

@Suite("The memory pool's configuration")
struct MemoryPoolConfigurationTests {
    private func read(_ values: [String: ConfigValue]) throws -> MemoryPoolConfiguration {
        var section = ConfigSection(values, file: "test.json", keyPath: "backend")
        let configuration = try MemoryPoolConfiguration(from: &section)
        try section.finish()
        return configuration
    }

    @Test("an empty section gives the defaults")
    func defaults() throws {
        #expect(try self.read([:]) == MemoryPoolConfiguration())
    }

    @Test("every key is read")
    func everyKey() throws {
        let configuration = try self.read([
            "capacityBytes": .integer(1 << 20), "pageBytes": .integer(4_096), "digest": .string("none"),
            "suspendedTTLSeconds": .integer(5), "ttlSeconds": .integer(6), "preTouch": .bool(false),
            "maxStreams": .integer(7),
        ])
        #expect(configuration.capacity == 1 << 20)
        #expect(configuration.pageSize == 4_096)
        #expect(configuration.digest == .none)
        #expect(configuration.suspendedTimeToLiveSeconds == 5)
        #expect(configuration.timeToLiveSeconds == 6)
        #expect(configuration.preTouch == false)
        #expect(configuration.maximumStreams == 7)
    }

    @Test(
        "what makes no sense is refused by its key",
        arguments: [
            ("pageBytes", ConfigValue.integer(5_000)), ("pageBytes", .integer(2_048)), ("pageBytes", .integer(2 << 20)),
            ("capacityBytes", .integer(65_537)), ("capacityBytes", .integer(4_096)), ("capacityBytes", .integer(-1)),
            ("capacityBytes", .string("1 GB")), ("digest", .string("md5")), ("suspendedTTLSeconds", .integer(0)),
            ("ttlSeconds", .integer(0)), ("maxStreams", .integer(0)), ("capacity", .integer(1 << 20)),
        ]
    )
    func refused(key: String, value: ConfigValue) {
        #expect { try self.read([key: value]) } throws: { error in
            (error as? ConfigError)?.keyPath == "backend.\(key)"
        }
    }

    @Test("a configuration made by hand is checked too")
    func byHand() {
        for change in [
            { $0.pageSize = 5_000 }, { $0.pageSize = 0 }, { $0.capacity = 100_000 }, { $0.capacity = 0 },
            { $0.maximumStreams = 0 }, { $0.suspendedTimeToLiveSeconds = 0 }, { $0.timeToLiveSeconds = 0 },
            { $0.capacity = 1 << 60 },
        ] as [(inout MemoryPoolConfiguration) -> Void] {
            var configuration = MemoryPoolConfiguration()
            change(&configuration)
            #expect { try MemoryPoolBackend(configuration: configuration) } throws: { error in
                (error as? CacheError)?.code == .configuration
            }
        }
    }
}
