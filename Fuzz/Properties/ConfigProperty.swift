import CacheProtocol
import GatewayServer

/// The values that a configuration puts in force, written and read again, are the same values.
enum ConfigProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let effective = try Self.effective(bytes) else { return }
        let text = ConfigFile.text(effective)
        let again = try Self.effective(Array(text.utf8))
        try BrokenProperty.unless(again != nil, "the values in force are refused: \(text)")
        try BrokenProperty.unless(again.map(ConfigFile.text) == text, "they have become others: \(text)")
    }

    private static func effective(_ bytes: [UInt8]) throws(BrokenProperty) -> [String: ConfigValue]? {
        do {
            var section = ConfigSection(try ConfigFile.parse(bytes, file: "fuzz"), file: "fuzz")
            _ = try GatewayConfiguration(from: &section)
            try section.finish()
            return section.effective
        } catch let error as ConfigError {
            try BrokenProperty.unless(!error.keyPath.isEmpty && !error.accepted.isEmpty, "refused with \(error)")
            return nil
        } catch {
            throw BrokenProperty(description: "refused with \(error), which names no key")
        }
    }
}
