import Testing
import Wire

@testable import GatewayServer

@Suite("The form of messages, over a socket", .timeLimit(.minutes(5)))
struct MessageFormTests {
    @Test("a base client gets the base protocol's members and nothing else, letter by letter")
    func literals() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            peer.say(#"{"type":"START","streamId":"stream-1"}"#)
            #expect(
                try await peer.text()
                    == #"{"type":"STARTED","streamId":"stream-1","message":"Stream started successfully"}"#
            )
            peer.sendFrame(.binary, [1])
            peer.say(#"{"type":"STOP","streamId":"stream-1"}"#)
            #expect(
                try await peer.text()
                    == #"{"type":"STOPPED","streamId":"stream-1","message":"Stream stopped successfully"}"#
            )
            peer.say(#"{"type":"GET","streamId":"stream-2","offset":0,"length":5}"#)
            let error = try await peer.text()
            #expect(error.hasPrefix(#"{"type":"ERROR","streamId":"stream-2","message":""#))
            #expect(error.contains(#""code":"stream_not_found""#))
            #expect(!error.contains("No data available"))
        }
    }

    static let starts = [
        #"{"type":"START","streamId":"s"}"#,
        #"{"type":"start","streamId":"s"}"#,
        #"{"type":"Start","streamId":"s"}"#,
        #"{"streamId":"s","type":"START"}"#,
        "{ \"type\" : \"START\" , \"streamId\" : \"s\" }",
        "  \t\r\n{\n\t\"type\": \"START\",\r\n\t\"streamId\": \"s\"\n}\n",
        #"{"type":"START","streamId":"s","offset":null,"length":null,"message":null,"sha256":null,"metadata":null}"#,
        #"{"type":"START","streamId":"s","data":[1,{"a":[]}],"timestamp":1.5e9,"codec":"opus","isLast":false}"#,
        #"{"type":"\u0053TART","streamId":"\u0073"}"#,
    ]

    @Test("types in any case, members in any order, spaces, nulls and unknown members are all taken", arguments: starts)
    func reading(text: String) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            peer.say(text)
            #expect(
                try await peer.text() == #"{"type":"STARTED","streamId":"s","message":"Stream started successfully"}"#
            )
        }
    }

    @Test(
        "STOP may leave the stream out: then it is the connection's open one",
        arguments: [
            #"{"type":"STOP"}"#, #"{"type":"stop"}"#, #"{"type":"STOP","streamId":null}"#,
            #"{"type":"STOP","streamId":"open"}"#,
        ]
    )
    func stop(text: String) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("open")
            peer.upload(sample(10))
            peer.say(text)
            let stopped = try await peer.expect(.stopped)
            #expect(stopped.streamID == "open")
            #expect(try await peer.read("open", 0, 100).isEqual(to: sample(10)))
        }
    }

    @Test("STOP of another stream than the open one ends nothing")
    func stopOther() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("open")
            for other in ["other", "opem", "OPEN", "open ", ""] {
                peer.say(#"{"type":"STOP","streamId":"\#(other)"}"#)
                try await peer.expectError(.noOpenStream)
            }
            try await peer.stop("open")
            peer.say(#"{"type":"STOP"}"#)
            try await peer.expectError(.noOpenStream)
        }
    }

    @Test("a message in many fragments, with pings between them, is a message")
    func fragments() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let text = Array(#"{"type":"START","streamId":"pieces"}"#.utf8)
            for (index, byte) in text.enumerated() {
                peer.sendFrame(index == 0 ? .text : .continuation, [byte], isFinal: index == text.count - 1)
                if index % 10 == 0 { peer.sendFrame(.ping, [UInt8(index)]) }
            }
            for index in stride(from: 0, to: text.count, by: 10) {
                let pong = try await peer.frame()
                #expect(pong.opcode == .pong && pong.payload.isEqual(to: [UInt8(index)]))
            }
            #expect(try await peer.expect(.started).streamID == "pieces")
        }
    }
}
