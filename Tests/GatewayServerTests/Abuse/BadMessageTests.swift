import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Peers that talk nonsense", .timeLimit(.minutes(5)))
struct BadMessageTests {
    static let texts: [(String, ErrorCode)] = [
        ("", .badMessage), (" ", .badMessage), ("{", .badMessage), ("}", .badMessage), ("{}", .badMessage),
        ("[]", .badMessage), ("null", .badMessage), ("START", .badMessage), ("\"START\"", .badMessage),
        ("5", .badMessage), (#"{"type"}"#, .badMessage), (#"{"type":}"#, .badMessage),
        (#"{"type":"START""#, .badMessage),
        (#"{"type":"START","streamId":"x"}{}"#, .badMessage), (#"{"type":"START","streamId":"x"} x"#, .badMessage),
        (#"{"type":"START","streamId":"x","streamId":"y"}"#, .badMessage),
        (#"{"type":"GET","type":"START","streamId":"x"}"#, .badMessage),
        (#"{"type":"START","streamId":"x","\u0074ype":"GET"}"#, .badMessage),
        (#"{'type':'START'}"#, .badMessage), (#"{type:"START"}"#, .badMessage), (#"{"type":START}"#, .badMessage),
        (#"{"type":"START","streamId":"x",}"#, .badMessage), (#"{"type":null}"#, .badMessage),
        (#"{"type":5}"#, .badMessage), (#"{"type":["START"]}"#, .badMessage), (#"{"type":{"a":"START"}}"#, .badMessage),
        (#"{"type":""}"#, .unknownType), (#"{"type":"NONE"}"#, .unknownType), (#"{"type":"START "}"#, .unknownType),
        (#"{"type":"CONNECTED"}"#, .unknownType), (#"{"type":"ſTART"}"#, .unknownType),
        (#"{"type":"START"}"#, .badMessage), (#"{"type":"START","streamId":5}"#, .badMessage),
        (#"{"type":"START","streamId":["x"]}"#, .badMessage), (#"{"type":"START","streamId":null}"#, .badMessage),
        (#"{"type":"START","streamid":"x"}"#, .badMessage),
        (#"{"type":"START","streamId":"x","resume":1}"#, .badMessage),
        (#"{"type":"START","streamId":"x","size":-1}"#, .range),
        (#"{"type":"START","streamId":"x","ttlSeconds":0}"#, .range),
        (#"{"type":"START","streamId":"x","contentType":"audio"}"#, .badMessage),
        (#"{"type":"START","streamId":"x","contentType":"audio/mpeg\r\nX: y"}"#, .badMessage),
        (#"{"type":"START","streamId":"x","metadata":{"a":1}}"#, .badMessage),
        ("{\"type\":\"START\",\"streamId\":\"x\n\"}", .badMessage), ("{\"type\":\"START\u{0}\"}", .badMessage),
        ("\u{FEFF}{\"type\":\"PING\"}", .badMessage), ("\u{0}", .badMessage), ("{\"type\":\"PING\"}\u{0}", .badMessage),
        (#"{"type":"\ud800"}"#, .badMessage), (#"{"type":"PING","requestId":1.5}"#, .badMessage),
        (#"{"type":"PING","requestId":[]}"#, .badMessage),
        (#"{"type":"PING","requestId":"\#(String(repeating: "r", count: 129))"}"#, .badMessage),
        (#"{"a":"# + String(repeating: "[", count: 30_000) + String(repeating: "]", count: 30_000) + "}", .badMessage),
        (String(repeating: #"{"a":"#, count: 9) + "1" + String(repeating: "}", count: 9), .badMessage),
        ("{" + (0..<65).map { #""k\#($0)":1"# }.joined(separator: ",") + "}", .badMessage),
        (#"{"type":"PING","a":"# + String(repeating: "1", count: 400) + "}", .badMessage),
    ]

    @Test("a message that is none is answered with what is wrong with it, and the connection goes on, its upload too")
    func texts() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("through")
            for (number, (text, code)) in Self.texts.enumerated() {
                peer.say(text)
                let answer = try await peer.message()
                // Numbers beyond every range may be taken for numbers that nobody asked about.
                if answer.kind == .pong, text.contains("11111") { continue }
                #expect(answer.kind == .error && answer.code == code, "\(text.prefix(100)): \(answer)")
                #expect(answer.message.utf8.count < 500)
                peer.upload([UInt8(truncatingIfNeeded: number)])
            }
            try await peer.stop("through")
            #expect(try await peer.info("through").size > 40)
            #expect(gateway.files == [".lock", "through.audio"])
        }
    }

    @Test("random bytes as text, and messages with a byte changed, never end anything but themselves")
    func noise() async throws {
        try await TestGateway.run { gateway in
            var bystander = try await Bystander(of: gateway)
            let peer = try await gateway.peer()
            let good = Array(#"{"type":"GET","streamId":"bystander","offset":0,"length":10,"requestId":"z"}"#.utf8)
            for seed in 0..<150 {
                let noise = sample(4, seed: UInt64(seed))
                var text = good
                text[Int(noise[0]) % text.count] = noise[1] & 0x7F
                if noise[2] & 1 == 0 { text.removeLast(Int(noise[3]) % text.count) }
                peer.sendFrame(.text, text)
                _ = try await peer.frame()
            }
            try await peer.settle()
            try await bystander.goOn()
            try await bystander.finish()
        }
    }

    static let ranges: [(String, ErrorCode?)] = [
        (#""offset":0,"length":0"#, .range), (#""offset":0,"length":-1"#, .range),
        (#""offset":0,"length":-9223372036854775808"#, .range), (#""offset":0,"length":1.5"#, .range),
        (#""offset":0,"length":"10""#, .range), (#""offset":"0","length":10"#, .range),
        (#""offset":0.5,"length":10"#, .range),
        (#""offset":1e300,"length":10"#, .range), (#""offset":9223372036854775808,"length":10"#, .range),
        (#""offset":-9223372036854775809,"length":10"#, .range), (#""offset":true,"length":10"#, .range),
        (#""offset":[],"length":10"#, .range), (#""offset":{},"length":10"#, .range),
        (#""offset":0,"length":18446744073709551616"#, .range), (#""offset":0,"length":10,"waitMs":-1"#, .range),
        (#""offset":0,"length":10,"waitMs":600001"#, .range), (#""offset":0,"length":10,"waitMs":"1""#, .range),
        // These make sense, and there is nothing there, or something.
        (#""offset":9007199254740992,"length":10"#, nil),
        (#""offset":9223372036854775807,"length":9223372036854775807"#, nil),
        (#""offset":100,"length":9223372036854775807"#, nil), (#""offset":null,"length":null"#, nil),
    ]

    @Test("offsets and lengths that make no sense are refused, and those that make some are answered")
    func badRanges() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("ranges", sample(200))
            let peer = try await gateway.peer()
            for (fields, code) in Self.ranges {
                peer.say(#"{"type":"GET","streamId":"ranges",\#(fields)}"#)
                if let code {
                    let answer = try await peer.message()
                    #expect(answer.code == code, "\(fields): \(answer)")
                } else {
                    #expect(try await peer.bytes().readableBytes <= 200, "\(fields)")
                }
            }
            peer.get("ranges", .min, .max)
            #expect(try await peer.bytes().readableBytes == 200)
        }
    }

    static let ids = [
        "", ".", "..", "../x", "/etc/passwd", "a/b", "a\\\\b", ".hidden", "a..b", "%2e%2e%2fx", "x%00", "x\\u0000",
        "x\\n", "x ", " x", "é", "\\u212A", "流", "a:b", "a*b", "~root", "$HOME", "x;y", "x\\\"y", "x\\u202Ey",
        String(repeating: "a", count: 129), String(repeating: "a", count: 10_240), "C:\\\\x", "a\\tb", "😀", "stream?",
    ]

    @Test("an id outside the grammar is refused by every message that takes one, and nothing is made of it")
    func badIDs() async throws {
        try await TestGateway.run { gateway in
            let outside = gateway.directory.contents
            var bystander = try await Bystander(of: gateway)
            let peer = try await gateway.peer()
            for id in Self.ids {
                for message in [
                    #"{"type":"START","streamId":"\#(id)"}"#, #"{"type":"START","streamId":"\#(id)","resume":true}"#,
                    #"{"type":"START","streamId":"\#(id)","overwrite":true}"#,
                    #"{"type":"GET","streamId":"\#(id)","offset":0,"length":1}"#,
                    #"{"type":"INFO","streamId":"\#(id)"}"#,
                    #"{"type":"DELETE","streamId":"\#(id)"}"#,
                ] {
                    peer.say(message)
                    let answer = try await peer.message()
                    #expect(answer.kind == .error && answer.code == .badStreamID, "\(message.prefix(100)): \(answer)")
                    #expect(answer.message.utf8.allSatisfy { $0 >= 0x20 } && answer.message.utf8.count < 500)
                }
            }
            #expect(gateway.files == [".lock", "bystander.part"])
            #expect(gateway.directory.contents == outside)
            try await bystander.goOn()
            try await bystander.finish()
        }
    }

    @Test("a name that only looks like another stream's to Unicode does not lead to it")
    func lookalikes() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("stream-K", [1, 2, 3])
            let peer = try await gateway.peer()
            #expect(try await peer.read("stream-K", 0, 10).readableBytes == 3)
            peer.get("stream-\u{212A}", 0, 10)
            try await peer.expectError(.badStreamID)
            try await peer.start("K")
            peer.say("{\"type\":\"STOP\",\"streamId\":\"\u{212A}\"}")
            try await peer.expectError(.noOpenStream)
        }
    }

    @Test("ids at the edges of the grammar are fine, and names that differ in case are two")
    func goodIDs() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let ids = [
                "a", "CON", "nul", "aux.txt", "-", "_", "a.b.c", "-rf", "x.part", "x.audio",
                String(repeating: "z", count: 128),
            ]
            for (number, id) in ids.enumerated() {
                try await peer.start(id)
                peer.upload([UInt8(number)])
                try await peer.stop(id)
            }
            for (number, id) in ids.enumerated() {
                #expect(try await peer.read(id, 0, 10).isEqual(to: [UInt8(number)]), "\(id)")
            }
        }
    }
}
