import CacheProtocol
import TestSupport
import Testing

@Suite("A stream id")
struct StreamIDTests {
    @Test(
        "takes every name that the grammar allows",
        arguments: [
            "a", "Z", "0", "-", "_", "a.b", "stream-0195f3a2-7c1e-7d3f-9a2b-000000000000", "a.", "CON", "-rf",
            String(repeating: "x", count: 128),
        ]
    )
    func accepted(_ name: String) throws {
        #expect(try StreamID(name).rawValue == name)
        #expect(StreamID(validating: name)?.description == name)
    }

    @Test(
        "refuses everything else, by name and with the rule",
        arguments: [
            ("", "empty"), (".", "begins with a dot"), ("..", "begins with a dot"), (".a", "begins with a dot"),
            ("a..b", "two dots"), ("../x", "begins with a dot"), ("a/b", "byte 2"), ("/etc/passwd", "byte 1"),
            ("a\\b", "byte 2"), ("a b", "byte 2"), ("a\n", "byte 2"), ("a\0", "byte 2"), ("%2e", "byte 1"),
            ("é", "byte 1"), ("a\u{301}", "byte 2"), ("\u{FF21}", "byte 1"), ("a:b", "byte 2"),
            (String(repeating: "x", count: 129), "longer than 128"),
            (String(repeating: "y", count: 100_000), "longer than 128"),
        ]
    )
    func refused(_ name: String, _ rule: String) {
        #expect(StreamID(validating: name) == nil)
        #expect { try StreamID(name) } throws: { error in
            guard let error = error as? CacheError else { return false }
            return error.code == .badStreamID && error.message.contains(rule)
        }
    }

    @Test("a refusal shows nothing of the name that a terminal or a log would take for its own")
    func escaped() throws {
        let error = #expect(throws: CacheError.self) {
            try StreamID("\u{1B}[2J\n\r\"é" + String(repeating: "z", count: 999))
        }
        let message = try #require(error?.message)
        #expect(message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 >= 0x80 })
        #expect(!message.contains("é"))
        #expect(message.count < 500)
    }

    @Test("random names are taken exactly where a plain reading of the grammar takes them")
    func random() throws {
        let letters = Array("ABab09.._-/ \u{0}é")
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
        try checkProperty(runs: 2_000) { random in
            let count = Int.random(in: 0...9, using: &random)
            let name = String((0..<count).compactMap { _ in letters.randomElement(using: &random) })
            let isRight =
                !name.isEmpty && name.allSatisfy(allowed.contains) && !name.hasPrefix(".") && !name.contains("..")
            try #require((StreamID(validating: name) != nil) == isRight, "\(name.debugDescription)")
        }
    }

    @Test("ids are ordered by their bytes, and case matters")
    func order() throws {
        let names = try ["-", ".", "0", "A", "_", "a", "a-", "a.", "aa", "b"].filter { $0 != "." }.map {
            try StreamID($0)
        }
        #expect(names.shuffled().sorted() == names)
        #expect(try StreamID("a") != StreamID("A"))
    }
}
