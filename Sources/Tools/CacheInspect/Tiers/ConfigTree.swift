import CacheProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A configuration's values as the backends read them.
struct ConfigTree: Decodable {
    let value: ConfigValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self.value = .null
        } else if let value = try? container.decode(Bool.self) {
            self.value = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self.value = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self.value = .number(value)
        } else if let value = try? container.decode(String.self) {
            self.value = .string(value)
        } else if let values = try? container.decode([ConfigTree].self) {
            self.value = .array(values.map(\.value))
        } else {
            self.value = .object(try container.decode([String: ConfigTree].self).mapValues(\.value))
        }
    }

    /// The members of a configuration file.
    static func read(_ path: String) throws(InspectError) -> [String: ConfigValue] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw InspectError(
                .noIndex,
                "The configuration \(path) is not there or can't be read.",
                remedy: "Name the file that the gateway is started with."
            )
        }
        guard let tree = try? JSONDecoder().decode(ConfigTree.self, from: bytes), case .object(let members) = tree.value
        else {
            throw InspectError(
                .configuration,
                "\(path) is no gateway configuration: an object is expected.",
                remedy: "gateway --check-config \(path) says what is wrong with it."
            )
        }
        return members
    }
}
