import Foundation
import Logging
import TestSupport
import Testing

@testable import gateway

@Suite("Log lines")
struct LogRecordTests {
    private func record(_ message: String, _ metadata: [(String, String)] = []) -> LogRecord {
        LogRecord(
            time: 1_764_106_200_123,
            level: .notice,
            label: "gateway",
            message: message,
            metadata: metadata.map { (key: $0.0, value: $0.1) }
        )
    }

    @Test("as text: when, how grave, who, the facts, and what they are facts of")
    func text() {
        let record = self.record(
            "stream sealed",
            [("connection", "c1"), ("reason", "it was \"done\""), ("stream", "a.b")]
        )
        #expect(
            record.text
                == #"2025-11-25T21:30:00.123Z notice gateway: connection=c1 reason="it was \"done\"" stream=a.b stream sealed"#
        )
    }

    @Test("as JSON: an object with the ids as fields, and what would take another's place beside it")
    func json() throws {
        let line = self.record("x", [("connection", "c1"), ("level", "low"), ("stream", "a.b")]).json
        #expect(
            line
                == #"{"time":"2025-11-25T21:30:00.123Z","level":"notice","logger":"gateway","message":"x","#
                + #""connection":"c1","_level":"low","stream":"a.b"}"#
        )
    }

    @Test("time is that of the calendar, leap days and all")
    func times() {
        #expect(LogRecord.timestamp(0) == "1970-01-01T00:00:00.000Z")
        #expect(LogRecord.timestamp(951_782_399_999) == "2000-02-28T23:59:59.999Z")
        #expect(LogRecord.timestamp(951_782_400_000) == "2000-02-29T00:00:00.000Z")
        #expect(LogRecord.timestamp(4_107_542_400_000) == "2100-03-01T00:00:00.000Z")
    }

    @Test("whatever is logged is one line that a pipe takes whole; as JSON, it says the same again when read")
    func anything() throws {
        try checkProperty(runs: 300) { random in
            let message = Self.text(&random)
            let metadata = (0..<Int.random(in: 0...8, using: &random)).map { ("k\($0)", Self.text(&random)) }
            let record = self.record(message, metadata)
            for line in [record.text, record.json] {
                try #require(line.utf8.count < LogOutput.longestLine)
                try #require(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{2028}" || $0 == "\u{85}" })
            }
            let object = try JSONSerialization.jsonObject(with: Data(record.json.utf8)) as? [String: Any]
            let read = try #require(object)
            if message.utf8.count < 300 { try #require(Self.same(read["message"] as? String, message)) }
            let isCut = read["truncated"] as? Bool == true
            for (key, value) in metadata where value.utf8.count < 150 && !isCut {
                try #require(Self.same(read[key] as? String, value))
            }
        }
    }

    private static func same(_ one: String?, _ other: String) -> Bool {
        one.map { Array($0.utf8) } == Array(other.utf8)
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        let special: [Unicode.Scalar] = [
            "\\", "\"", "\n", "\r", "\t", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{2028}", " ", "=", "a", "é", "🎧",
        ]
        let length = Int.random(in: 0...9, using: &random) == 0 ? 3_000 : Int.random(in: 0...20, using: &random)
        var text = String.UnicodeScalarView()
        for _ in 0..<length { text.append(special[Int.random(in: 0..<special.count, using: &random)]) }
        return String(text)
    }
}
