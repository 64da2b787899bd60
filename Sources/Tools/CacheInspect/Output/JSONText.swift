#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// JSON (RFC 8259) of documents, their keys sorted.
enum JSONText {
    /// A document over several lines, as for a person who looks at it too.
    static func document(_ value: some Encodable) throws -> String {
        try Self.text(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    /// A document in one line, without its end.
    static func line(_ value: some Encodable) throws -> String {
        try Self.text(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    private static func text(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
