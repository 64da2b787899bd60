import NIOCore
import Testing
import Wire

@Suite("Control messages of other programs")
struct MessageReadingTests {
    private func read(_ json: String) throws(MessageFault) -> ClientRequest {
        try ClientRequest(json: ByteBuffer(string: json))
    }

    @Test(
        "a type is taken in any case of its letters",
        arguments: ["START", "start", "Start", "sTaRt", #"\u0053tart"#]
    )
    func cases(type: String) throws {
        #expect(try self.read(#"{"type":"\#(type)","streamId":"s"}"#) == ClientRequest(.start(.init(streamID: "s"))))
    }

    @Test(
        "a letter that only Unicode takes for the same is not",
        arguments: ["\u{17F}tart", "l\u{131}st", "p\u{131}ng"]
    )
    func lookalikes(type: String) {
        let fault = #expect(throws: MessageFault.self) { try self.read(#"{"type":"\#(type)","streamId":"s"}"#) }
        #expect(fault?.code == .unknownType)
    }

    struct Reading: Sendable, CustomTestStringConvertible {
        var json: String
        var message: ClientMessage
        var requestID: RequestID?
        var testDescription: String { self.json }

        init(_ json: String, _ message: ClientMessage, _ requestID: RequestID? = nil) {
            self.json = json
            self.message = message
            self.requestID = requestID
        }
    }

    private static var readings: [Reading] {
        let get = ClientMessage.get(.init(streamID: "s", offset: 3, length: 4))
        let start = ClientMessage.start(.init(streamID: "s"))
        var labelled = ClientMessage.Start(streamID: "s")
        labelled.metadata = ["title": "a \"b\"", "": ""]
        return [
            // What the original's README has, spaces and all.
            Reading(#"{"type": "GET", "streamId": "s", "offset": 3, "length": 4}"#, get),
            Reading(#"{"length":4,"offset":3,"streamId":"s","type":"get"}"#, get),
            Reading("\r\n\t {\n\t\"type\" : \"GET\" ,\r\n \"streamId\":\"s\" , \"offset\" : 3,\"length\":4 } \n", get),
            Reading(#"{"type":"GET","streamId":"s","offset":3,"length":4,"waitMs":null,"requestId":null}"#, get),
            Reading(#"{"type":"GET","streamId":"s","offset":3.0,"length":4e0}"#, get),
            Reading(#"{"\u0074\u0079pe":"\u0047ET","stream\u0049d":"\u0073","offset":3,"length":4}"#, get),
            Reading(#"{"type":"GET","streamId":"s"}"#, .get(.init(streamID: "s", offset: 0, length: 65_536))),
            Reading(
                #"{"type":"GET","streamId":"s","offset":-3}"#,
                .get(.init(streamID: "s", offset: -3, length: 65_536))
            ),
            Reading(
                #"{"type":"GET","streamId":"s","offset":-9223372036854775808,"length":9223372036854775807}"#,
                .get(.init(streamID: "s", offset: .min, length: .max))
            ),
            Reading(#"{"type":"START","streamId":"s","resume":false,"metadata":null,"size":null}"#, start),
            Reading(
                #"{"type":"START","streamId":"s","message":"hi","x":{"type":"STOP","streamId":7,"y":[1,{}]}}"#,
                start
            ),
            Reading(#"{"x":[[[[[[[]]]]]]],"y":-1.5e3,"z":"}{][,:\"\\","type":"START","streamId":"s"}"#, start),
            Reading(#"{"type":"START","streamId":"s","metadata":{"title":"a \"b\"","":""}}"#, .start(labelled)),
            Reading(
                #"{"type":"START","streamId":"\ud83c\udfa7\/\b\f\n\r\t\u0000"}"#,
                .start(.init(streamID: "🎧/\u{8}\u{C}\n\r\t\0"))
            ),
            Reading(#"{"type":"stop"}"#, .stop(streamID: nil, sha256: nil)),
            Reading(#"{"type":"STOP","streamId":null}"#, .stop(streamID: nil, sha256: nil)),
            Reading(#"{"type":"STOP","streamId":"s"}"#, .stop(streamID: "s", sha256: nil)),
            Reading(#"{"type":"SUBSCRIBE","streamId":"s"}"#, .subscribe(streamID: "s", offset: 0)),
            Reading(#"{"type":"PING","requestId":7}"#, .ping, .integer(7)),
            Reading(#"{"type":"PING","requestId":-9223372036854775808}"#, .ping, .integer(.min)),
            Reading(#"{"type":"PING","requestId":""}"#, .ping, .string("")),
            Reading(#"{"type":"PING","requestId":"7"}"#, .ping, .string("7")),
        ]
    }

    @Test("keys in any order, white space, escapes, null for absent, unknown members", arguments: readings)
    func reading(_ sample: Reading) throws {
        #expect(try self.read(sample.json) == ClientRequest(sample.message, requestID: sample.requestID))
    }

    @Test("only a START with more than a stream uses the extension")
    func extension_() throws {
        #expect(try self.usesExtension("") == false)
        for field in [
            #""resume":true"#, #""overwrite":true"#, #""contentType":"audio/wav""#, #""size":0"#, #""ttlSeconds":1"#,
            #""metadata":{}"#, #""ackEvery":1"#,
        ] {
            #expect(try self.usesExtension("," + field), "\(field)")
        }
    }

    private func usesExtension(_ fields: String) throws -> Bool {
        guard case .start(let start) = try self.read(#"{"type":"START","streamId":"s"\#(fields)}"#).message else {
            return false
        }
        return start.usesExtension
    }

    @Test("of a server's answer only the type is needed, in any case")
    func answers() throws {
        for type in ["STARTED", "started", "Started"] {
            let answer = try ServerMessage.decode(json: ByteBuffer(string: #"{"type":"\#(type)"}"#))
            #expect(answer == ServerMessage(.started, message: ""))
        }
        let json =
            #"{ "message" : null, "timestamp": 12, "streamId":null, "data": {"a": [1]}, "type":"CONNECTED", "retryable":false}"#
        #expect(try ServerMessage.decode(json: ByteBuffer(string: json)) == ServerMessage(.connected, message: ""))
    }

    @Test("an INFO that lacks a fact is read, and none is made up for it")
    func partialInfo() throws {
        let json = #"{"type":"INFO","streamId":"s","message":"m","state":"live"}"#
        let message = try #require(try ServerMessage.decode(json: ByteBuffer(string: json)))
        #expect(message.info == nil)
        #expect(message.state == "live")
        #expect(message.size == nil)
    }

    @Test("a server's message of an unknown type is passed over")
    func unknownAnswer() throws {
        #expect(try ServerMessage.decode(json: ByteBuffer(string: #"{"type":"WELCOME","message":"hi"}"#)) == nil)
    }

    @Test(
        "a server's message that is none is a fault",
        arguments: ["", "[]", "{}", "hello", #"{"type":5}"#, #"{"type":null}"#]
    )
    func wrongAnswer(json: String) {
        let fault = #expect(throws: MessageFault.self) { try ServerMessage.decode(json: ByteBuffer(string: json)) }
        #expect(fault?.code == .badMessage)
    }
}
