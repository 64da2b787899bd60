import Foundation
import Wire

/// What is wrong before any field is looked at.
extension FaultyMessage {
    static var shapes: [FaultyMessage] {
        let ping = #"{"type":"PING"}"#
        func encoded(_ encoding: String.Encoding) -> [UInt8] { Array(ping.data(using: encoding) ?? Data()) }
        let deep = 100_000
        let many = (0..<10_000).map { #""k\#($0)":0"# }.joined(separator: ",")
        return [
            FaultyMessage("nothing", ""),
            FaultyMessage("white space", " \t\r\n"),
            FaultyMessage("a word", "PING"),
            FaultyMessage("a string", #""PING""#),
            FaultyMessage("a number", "5"),
            FaultyMessage("null", "null"),
            FaultyMessage("an array", #"[{"type":"PING"}]"#),
            FaultyMessage("cut in a string", #"{"type":"PI"#),
            FaultyMessage("cut in an escape", #"{"type":"PI\"#),
            FaultyMessage("cut before the brace", #"{"type":"PING""#),
            FaultyMessage("cut after the colon", #"{"type":"#),
            FaultyMessage("only a brace", "{"),
            FaultyMessage("something after the object", ping + ping),
            FaultyMessage("a NUL after the object", ping + "\0"),
            FaultyMessage("a NUL in a string", "{\"type\":\"PI\0NG\"}"),
            FaultyMessage("a line feed in a string that nobody asks for", "{\"type\":\"PING\",\"x\":\"\n\"}"),
            FaultyMessage("a comment", #"{"type":"PING"/**/}"#),
            FaultyMessage("single quotes", "{'type':'PING'}"),
            FaultyMessage("a bare key", "{type:\"PING\"}"),
            FaultyMessage("a lone surrogate", #"{"type":"\ud800"}"#),
            FaultyMessage("surrogates the wrong way round", #"{"type":"\udfa7\ud83c"}"#),
            FaultyMessage("a wrong escape", #"{"type":"\PING"}"#),
            FaultyMessage("a wrong escape in a string that nobody asks for", #"{"type":"PING","x":"\e00"}"#),
            FaultyMessage("a number with a zero before it that nobody asks for", #"{"type":"PING","x":00988}"#),
            FaultyMessage("half a number that nobody asks for", #"{"type":"PING","x":[1.e5]}"#),
            FaultyMessage("a word that nobody knows or asks for", #"{"type":"PING","x":True}"#),
            FaultyMessage("three hexadecimals in a string that nobody asks for", #"{"type":"PING","x":"\u12g4"}"#),
            FaultyMessage("a byte order mark", bytes: [0xEF, 0xBB, 0xBF] + Array(ping.utf8)),
            FaultyMessage("UTF-16, little endian", bytes: encoded(.utf16LittleEndian)),
            FaultyMessage("UTF-16, big endian", bytes: encoded(.utf16BigEndian)),
            FaultyMessage("UTF-16 with its mark", bytes: [0xFF, 0xFE] + encoded(.utf16LittleEndian)),
            FaultyMessage("UTF-16 after a space", bytes: [0x20, 0x00] + encoded(.utf16LittleEndian)),
            FaultyMessage("UTF-32, little endian", bytes: encoded(.utf32LittleEndian)),
            FaultyMessage(
                "wrong UTF-8 in a string",
                bytes: Array(#"{"type":"PI"#.utf8) + [0xFF] + Array(#"NG"}"#.utf8)
            ),
            FaultyMessage("100,000 objects deep", String(repeating: #"{"a":"#, count: deep)),
            FaultyMessage("100,000 lists deep", #"{"type":"PING","x":"# + String(repeating: "[", count: deep)),
            FaultyMessage("9 levels deep", #"{"type":"PING","x":[[[[[[[[]]]]]]]]}"#),
            FaultyMessage("100,000 closed before any is open", String(repeating: "}", count: deep)),
            FaultyMessage(
                "closed, then deep",
                #"{"a":1"# + String(repeating: "}", count: deep) + String(repeating: "[", count: deep)
            ),
            FaultyMessage("10,000 members", "{\(many)}"),
            FaultyMessage(
                "65 members",
                #"{"type":"PING","x":{\#((0..<63).map { #""k\#($0)":0"# }.joined(separator: ","))}}"#
            ),
            FaultyMessage(
                "30,000 elements",
                #"{"type":"PING","x":[\#((0..<30_000).map(String.init).joined(separator: ","))]}"#
            ),
            FaultyMessage("NaN", #"{"type":"GET","streamId":"s","offset":NaN,"length":1}"#),
            FaultyMessage("Infinity", #"{"type":"GET","streamId":"s","offset":-Infinity,"length":1}"#),
            FaultyMessage("a plus sign", #"{"type":"GET","streamId":"s","offset":+1,"length":1}"#),
            FaultyMessage("hexadecimal", #"{"type":"GET","streamId":"s","offset":0x10,"length":1}"#),
        ]
    }

    static var duplicates: [FaultyMessage] {
        [
            FaultyMessage("type twice", #"{"type":"PING","type":"PING"}"#),
            FaultyMessage("type twice, escaped once", #"{"type":"PING","\u0074ype":"STOP"}"#),
            FaultyMessage("streamId twice", #"{"type":"START","streamId":"a","streamId":"b"}"#),
            FaultyMessage("an unknown member twice", #"{"type":"PING","x":1,"x":1}"#),
            FaultyMessage("null and a value", #"{"type":"STOP","streamId":null,"streamId":"b"}"#),
            FaultyMessage("a label twice", #"{"type":"START","streamId":"s","metadata":{"a":"1","a":"2"}}"#),
            FaultyMessage(
                "a label twice, escaped once",
                #"{"type":"START","streamId":"s","metadata":{"a":"1","\u0061":"2"}}"#
            ),
            FaultyMessage(
                "a label twice beside another object",
                #"{"type":"START","streamId":"s","metadata":{"a":"1","a":"2"},"x":{"y":1}}"#
            ),
            FaultyMessage(
                "twice in an object in a list that nobody asks for",
                #"{"type":"PING","x":[1,"a",{"b":0,"b":0}]}"#
            ),
            FaultyMessage("two objects of one name", #"{"type":"PING","x":{"a":1},"x":{"b":1}}"#),
        ]
    }
}
