import CacheProtocol
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Configuration files")
struct ConfigFileTests {
    private func error(_ text: String) -> ConfigError? {
        do throws(ConfigError) {
            _ = try ConfigFile.parse(Array(text.utf8), file: "gateway.json")
            return nil
        } catch {
            return error
        }
    }

    @Test("every kind of value is read")
    func values() throws {
        let text =
            #"{"a": null, "b": true, "c": -3, "d": 0.5, "e": "é\n", "f": [1, "x", []], "g": {"h": {}}, "i": 1e400}"#
        #expect(self.error(text) != nil)
        let values = try ConfigFile.parse(Array(text.replacing(#", "i": 1e400"#, with: "").utf8), file: "x")
        #expect(
            values == [
                "a": .null, "b": .bool(true), "c": .integer(-3), "d": .number(0.5), "e": .string("é\n"),
                "f": .array([.integer(1), .string("x"), .array([])]), "g": .object(["h": .object([:])]),
            ]
        )
    }

    @Test(
        "what is not one JSON object is refused, with the file's name, what was found and what is accepted",
        arguments: [
            ("", "nothing"), (" ", "not JSON"), ("{", "not JSON"), ("{}}", "not JSON"), ("{'a': 1}", "not JSON"),
            ("listen: 8080", "not JSON"), ("{\"a\" 1}", "not JSON"), ("\u{0}", "not JSON"),
            ("[]", "a list of 0"), ("\"text\"", "the string \"text\""), ("3", "the number 3"), ("null", "null"),
            ("true", "true"),
        ]
    )
    func refused(text: String, found: String) {
        let error = self.error(text)
        #expect(error?.file == "gateway.json")
        #expect(error?.found.contains(found) == true, "\(error?.found ?? "-")")
        #expect(error?.accepted.contains("object") == true)
        #expect(error?.description.hasPrefix("gateway.json: (the whole file): found ") == true)
    }

    private func randomValue(_ random: inout SeededGenerator, depth: Int) -> ConfigValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(.random(in: .min ... .max, using: &random))
        case 3: return .number(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) + 0.5)
        case 4:
            let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "/", "\n", "\u{1}", "é", "\u{2028}", "😀", " "]
            var text = ""
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                text.unicodeScalars.append(scalars.randomElement(using: &random) ?? "x")
            }
            return .string(text)
        case 5:
            return .array(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in self.randomValue(&random, depth: depth - 1) }
            )
        default: return .object(self.randomMembers(&random, depth: depth - 1))
        }
    }

    private func randomMembers(_ random: inout SeededGenerator, depth: Int) -> [String: ConfigValue] {
        var members: [String: ConfigValue] = [:]
        for number in 0..<Int.random(in: 0...4, using: &random) {
            members["key \"\(number)\""] = self.randomValue(&random, depth: depth)
        }
        return members
    }

    @Test("what is printed reads back the same")
    func roundTrip() throws {
        try checkProperty(runs: 200) { random in
            let values = self.randomMembers(&random, depth: 3)
            let text = ConfigFile.text(values)
            try #require(try ConfigFile.parse(Array(text.utf8), file: "-") == values, "\(text)")
            try #require(text.hasSuffix("}\n"))
        }
    }

    @Test("keys are printed in order, indented")
    func printed() {
        let text = ConfigFile.text([
            "b": .object(["z": .integer(1), "y": .array([.bool(false)])]), "a": .string("x/y"),
        ])
        #expect(
            text == """
                {
                  "a": "x/y",
                  "b": {
                    "y": [false],
                    "z": 1
                  }
                }

                """
        )
    }
}
