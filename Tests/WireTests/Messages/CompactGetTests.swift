import NIOCore
import TestSupport
import Testing

@testable import Wire

@Suite("GETs in their usual form")
struct CompactGetTests {
    private func compact(_ text: ByteBuffer) -> ClientRequest? {
        text.withUnsafeReadableBytes { CompactGet($0).request }
    }

    @Test(
        "those of every known client are of that form",
        arguments: [
            #"{"type":"GET","streamId":"a","offset":0,"length":65536}"#,
            #"{"type": "GET", "streamId": "a", "offset": 0, "length": 65536}"#,
            #"{"streamId":"a","length":65536,"offset":0,"type":"get"}"#,
            #"{"type":"GET","streamId":"a","offset":-5,"waitMs":600000,"requestId":7}"#,
            "{\n  \"type\": \"GET\",\n  \"streamId\": \"a\"\n}\n",
        ]
    )
    func usual(text: String) {
        #expect(self.compact(ByteBuffer(string: text)) != nil)
    }

    @Test(
        "what is not of that form is left to the library",
        arguments: [
            "", "{", "{}", "[]", #"{"type":"GET"}"#, #"{"type":"STOP","streamId":"a"}"#,
            #"{"type":"GET","streamId":"a\u0041"}"#, #"{"type":"GET","streamId":"ä"}"#,
            #"{"type":"GET","streamId":null}"#,
            #"{"type":"GET","streamId":"a","streamId":"b"}"#, #"{"type":"GET","streamId":"a","more":1}"#,
            #"{"type":"GET","streamId":"a","offset":1.0}"#, #"{"type":"GET","streamId":"a","offset":1e3}"#,
            #"{"type":"GET","streamId":"a","offset":01}"#, #"{"type":"GET","streamId":"a","offset":-}"#,
            #"{"type":"GET","streamId":"a","offset":9223372036854775807}"#,
            #"{"type":"GET","streamId":"a","length":0}"#,
            #"{"type":"GET","streamId":"a","waitMs":600001}"#, #"{"type":"GET","streamId":"a"}}"#,
            #"{"type":"GET","streamId":"a",}"#, #"{"type":"GET","streamId":"a" "length":1}"#,
        ]
    )
    func unusual(text: String) {
        #expect(self.compact(ByteBuffer(string: text)) == nil)
    }

    @Test("what is read in that form is what the library reads, however the text is damaged")
    func agreement() throws {
        var agreed = 0
        try checkProperty(runs: 5_000) { random in
            var text = Array(Self.get(using: &random).utf8)
            let damages = Int.random(in: 0...2, using: &random)
            for _ in 0..<damages { Self.damage(&text, using: &random) }
            let json = ByteBuffer(bytes: text)
            guard let fast = self.compact(json) else { return }
            agreed += 1
            let general = try ClientRequest(generalJSON: json)
            try #require(fast == general, "\(String(buffer: json))")
        }
        #expect(agreed > 500)
    }

    private static func get(using random: inout SeededGenerator) -> String {
        let space = ["", "", " ", "\n"].randomElement(using: &random) ?? ""
        var members = [
            #""type":\#(space)"\#(["GET", "get", "Get"].randomElement(using: &random) ?? "GET")""#,
            #""streamId":"stream-\#(Int.random(in: 0...9_999, using: &random))""#,
        ]
        if Bool.random(using: &random) {
            let offset = Int64.random(in: -1_000_000_000...1_000_000_000_000, using: &random)
            members.append(#""offset":\#(space)\#(offset)"#)
        }
        if Bool.random(using: &random) { members.append(#""length":\#(Int.random(in: 0...100_000, using: &random))"#) }
        if Bool.random(using: &random) { members.append(#""waitMs":\#(Int.random(in: 0...700_000, using: &random))"#) }
        if Bool.random(using: &random) {
            members.append(
                Bool.random(using: &random)
                    ? #""requestId":\#(Int64.random(in: .min ... .max, using: &random))"# : #""requestId":"mark""#
            )
        }
        members.shuffle(using: &random)
        return "\(space){\(space)\(members.joined(separator: "\(space),\(space)"))}\(space)"
    }

    private static func damage(_ text: inout [UInt8], using random: inout SeededGenerator) {
        let letters = Array(#"{}[]",:\-+.eE0123456789 atn"#.utf8)
        guard let letter = letters.randomElement(using: &random), !text.isEmpty else { return }
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text.remove(at: place)
        case 1: text[place] = letter
        case 2: text.swapAt(place, Int.random(in: 0..<text.count, using: &random))
        default: text.insert(letter, at: place)
        }
    }
}
