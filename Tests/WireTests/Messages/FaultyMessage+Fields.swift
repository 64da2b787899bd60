import Wire

/// Well-formed objects whose fields are wrong.
extension FaultyMessage {
    static var fields: [FaultyMessage] {
        var faults = [
            FaultyMessage("no type", #"{"streamId":"s"}"#),
            FaultyMessage("an empty object", "{}"),
            FaultyMessage("type null", #"{"type":null}"#),
            FaultyMessage("type a number", #"{"type":1,"requestId":3}"#, .badMessage, .integer(3)),
            FaultyMessage("type an object", #"{"type":{}}"#),
            FaultyMessage("an unknown type", #"{"type":"PUT","requestId":"r"}"#, .unknownType, .string("r")),
            FaultyMessage("an empty type", #"{"type":""}"#, .unknownType),
            FaultyMessage("a type with a space", #"{"type":"PING "}"#, .unknownType),
            FaultyMessage("an answer", #"{"type":"STARTED"}"#, .unknownType),
            FaultyMessage("START of nothing", #"{"type":"START","requestId":1}"#, .badMessage, .integer(1)),
            FaultyMessage("GET of nothing", #"{"type":"GET","offset":0,"length":1}"#),
            FaultyMessage("GET of null", #"{"type":"GET","streamId":null,"offset":0,"length":1}"#),
            FaultyMessage(
                "resume and overwrite",
                #"{"type":"START","streamId":"s","resume":true,"overwrite":true,"requestId":9}"#,
                .badMessage,
                .integer(9)
            ),
            FaultyMessage("requestId a fraction", #"{"type":"PING","requestId":1.5}"#),
            FaultyMessage("requestId too great", #"{"type":"PING","requestId":9223372036854775808}"#),
            FaultyMessage("requestId a truth value", #"{"type":"PING","requestId":true}"#),
            FaultyMessage("requestId a list", #"{"type":"PING","requestId":[1]}"#),
            FaultyMessage("requestId an object", #"{"type":"PING","requestId":{}}"#),
            FaultyMessage(
                "requestId of 129 bytes",
                #"{"type":"PING","requestId":"\#(String(repeating: "r", count: 129))"}"#
            ),
            FaultyMessage("requestId of 65 é", #"{"type":"PING","requestId":"\#(String(repeating: "é", count: 65))"}"#),
        ]
        for type in ["START", "STOP", "ABORT", "GET", "SUBSCRIBE", "UNSUBSCRIBE", "INFO", "DELETE"] {
            for wrong in ["7", "true", "[]", "{}", #""\ud800""#] {
                faults.append(
                    FaultyMessage(
                        "\(type) with streamId \(wrong)",
                        #"{"type":"\#(type)","streamId":\#(wrong),"requestId":"r"}"#,
                        .badMessage,
                        .string("r")
                    )
                )
            }
        }
        let texts = [
            ("STOP", "sha256"), ("START", "contentType"), ("LIST", "prefix"), ("LIST", "state"), ("LIST", "after"),
        ]
        for (type, field) in texts {
            for wrong in ["7", "true", "[]", "{}"] {
                faults.append(
                    FaultyMessage("\(field) \(wrong)", #"{"type":"\#(type)","streamId":"s","\#(field)":\#(wrong)}"#)
                )
            }
        }
        for field in ["resume", "overwrite"] {
            for wrong in ["1", "0", #""true""#, "[]", "{}"] {
                faults.append(
                    FaultyMessage("\(field) \(wrong)", #"{"type":"START","streamId":"s","\#(field)":\#(wrong)}"#)
                )
            }
        }
        return faults
    }

    static var numbers: [FaultyMessage] {
        let never = [
            "1.5", #""7""#, #""""#, "1e30", "-1e30", "1e400", "9223372036854775808", "-9223372036854775809", "true",
            "false", "[]", "{}", "[1]", String(repeating: "9", count: 60_000),
        ]
        let fields: [(String, String, [String])] = [
            ("GET", "offset", []),
            ("GET", "length", ["0", "-1", "-9223372036854775808"]),
            ("GET", "waitMs", ["-1", "600001", "9223372036854775807"]),
            ("SUBSCRIBE", "offset", []),
            ("START", "size", ["-1", "-9223372036854775808"]),
            ("START", "ttlSeconds", ["0", "-1", "9223372036854775807"]),
            ("START", "ackEvery", ["0", "-1"]),
            ("LIST", "limit", ["0", "-1", "1001"]),
        ]
        return fields.flatMap { type, field, outside in
            (never + outside).map { wrong in
                FaultyMessage(
                    "\(type) with \(field) \(wrong.prefix(30))",
                    #"{"type":"\#(type)","streamId":"s","\#(field)":\#(wrong),"requestId":-5}"#,
                    .range,
                    .integer(-5)
                )
            }
        }
    }

    static var labels: [FaultyMessage] {
        func start(_ metadata: String) -> String {
            #"{"type":"START","streamId":"s","metadata":\#(metadata),"requestId":1}"#
        }
        func pairs(_ count: Int) -> String { "{" + (0..<count).map { #""k\#($0)":"v""# }.joined(separator: ",") + "}" }
        let long = String(repeating: "x", count: 257)
        return [
            FaultyMessage("17 labels", start(pairs(17)), .limit, .integer(1)),
            FaultyMessage("a label's value of 257 bytes", start(#"{"k":"\#(long)"}"#), .limit, .integer(1)),
            FaultyMessage("a label's name of 257 bytes", start(#"{"\#(long)":"v"}"#), .limit, .integer(1)),
            FaultyMessage(
                "a label's value of 129 é",
                start(#"{"k":"\#(String(repeating: "é", count: 129))"}"#),
                .limit,
                .integer(1)
            ),
            FaultyMessage("a label that is a number", start(#"{"k":1}"#), .badMessage, .integer(1)),
            FaultyMessage("a label that is null", start(#"{"k":null}"#), .badMessage, .integer(1)),
            FaultyMessage("a label that is an object", start(#"{"k":{}}"#), .badMessage, .integer(1)),
            FaultyMessage("labels in a list", start(#"["k"]"#), .badMessage, .integer(1)),
            FaultyMessage("labels in a string", start(#""k""#), .badMessage, .integer(1)),
        ]
    }

    static var mediaTypes: [FaultyMessage] {
        let wrong = [
            "", "audio", "/", "audio/", "/mpeg", "audio/mpeg/x", "audio mpeg", "audio /mpeg", "audio/ mpeg",
            "audio/mpeg ",
            " audio/mpeg", #"audio/mpeg\r\nX-Evil: 1"#, #"audio/mpeg\n"#, #"audio/mpeg; a=\r\n"#, #"audio/mpeg\u0000"#,
            "audio/mpég", "audio/mpeg; name=é", #"audio\/\"mpeg\""#, "audio/mpeg,text/html", "<b>/x",
            "audio/x; a=<script>",
            #"audio/mp\t3"#, ";", ";audio/mpeg", "audio/" + String(repeating: "x", count: 123),
        ]
        return wrong.map { type in
            FaultyMessage(
                "contentType \(type.prefix(30))",
                #"{"type":"START","streamId":"s","contentType":"\#(type)","requestId":2}"#,
                .badMessage,
                .integer(2)
            )
        }
    }
}
