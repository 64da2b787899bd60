import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("Managing streams, over a socket", .timeLimit(.minutes(5)))
struct StreamManagementTests {
    @Test(
        "every answer repeats the mark of its question, errors too",
        arguments: [
            (#"{"type":"START","streamId":"marked""#, ServerMessage.Kind.started),
            (#"{"type":"STOP""#, .error), (#"{"type":"ABORT""#, .error),
            (#"{"type":"INFO","streamId":"missing""#, .error),
            (#"{"type":"GET","streamId":"missing","offset":0,"length":1"#, .error), (#"{"type":"LIST""#, .list),
            (#"{"type":"DELETE","streamId":"missing""#, .error), (#"{"type":"PING""#, .pong),
            (#"{"type":"START","streamId":"../x""#, .error), (#"{"type":"NONSENSE""#, .error),
            (#"{"type":"GET","streamId":"x","offset":0,"length":0"#, .error), (#"{"type":"GET""#, .error),
            (#"{"type":7"#, .error), (#"{"a":1"#, .error),
        ]
    )
    func requestIDs(text: String, kind: ServerMessage.Kind) async throws {
        try await TestGateway.run { gateway in
            for (written, expected) in [
                (#""text \" \u00e9""#, RequestID.string("text \" é")), ("-7", .integer(-7)),
                ("9223372036854775807", .integer(.max)), (#""""#, .string("")),
            ] {
                let peer = try await gateway.peer()
                let answer = try await peer.ask("\(text),\"requestId\":\(written)}", kind)
                #expect(answer.requestID == expected)
                if kind == .error { #expect(answer.code != nil) }
                await peer.drop()
                if kind == .started { break }
            }
        }
    }

    @Test("content type, time to live, labels and times are kept and told")
    func facts() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start(
                "facts",
                #","contentType":"audio/ogg; codecs=opus","ttlSeconds":86400,"size":5,"metadata":{"title":"é \"x\"","a":""}"#
            )
            let live = try await peer.info("facts")
            #expect(live.state == "live" && live.size == 0 && live.sha256 == nil && live.sealedAt == nil)
            peer.upload([1, 2, 3, 4, 5])
            try await peer.stop("facts")
            let info = try await peer.info("facts")
            #expect(info.streamID == "facts" && info.state == "sealed" && info.size == 5)
            #expect(info.contentType == "audio/ogg; codecs=opus")
            #expect(info.timeToLiveSeconds == 86_400)
            #expect(info.metadata == ["title": "é \"x\"", "a": ""])
            #expect(info.sha256 == sha256([1, 2, 3, 4, 5]))
            #expect(info.durability == "process")
            let (created, sealed) = (try #require(info.createdAt), try #require(info.sealedAt))
            #expect(created > 1_600_000_000_000 && sealed >= created)
            #expect(info.expiresAt == sealed + 86_400_000)
        }
    }

    @Test("overwriting a sealed or suspended stream begins it anew, and a live one is busy")
    func overwrite() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("over", [1, 2, 3])
            let peer = try await gateway.peer()
            let other = try await gateway.peer()
            try await peer.start("over", #","overwrite":true,"contentType":"audio/wav""#)
            other.say(#"{"type":"START","streamId":"over","overwrite":true}"#)
            try await other.expectError(.streamBusy)
            peer.upload([4])
            try await peer.stop("over")
            #expect(try await peer.read("over", 0, 10).isEqual(to: [4]))
            #expect(try await other.info("over").contentType == "audio/wav")
            other.say(#"{"type":"START","streamId":"over","overwrite":true,"resume":true}"#)
            try await other.expectError(.badMessage)
        }
    }

    @Test("who reads a stream that is overwritten finishes with the old one, who asks again gets the new one")
    func overwriteWhileRead() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("old", [1, 2, 3])
            let reader = try await gateway.peer()
            #expect(try await reader.read("old", 0, 10).isEqual(to: [1, 2, 3]))
            let writer = try await gateway.peer()
            try await writer.start("old", #","overwrite":true"#)
            writer.upload([9])
            try await writer.stop("old")
            #expect(try await reader.read("old", 0, 10).isEqual(to: [9]))
        }
    }

    @Test("an aborted stream is gone with its bytes, and its name is free")
    func abort() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let reader = try await gateway.peer()
            for round in 0..<2 {
                try await peer.start("gone")
                peer.upload(sample(100_000))
                try await peer.settle()
                // Once it has read, the reader holds the stream, and waits as soon as it asks for more.
                #expect(try await reader.read("gone", 0, 1).isEqual(to: sample(1)))
                reader.get("gone", 100_000, 1, #","waitMs":60000"#)
                reader.sendFrame(.ping, [])
                #expect(try await reader.frame().opcode == .pong)
                let name = round == 0 ? #","streamId":"gone""# : ""
                let aborted = try await peer.ask(#"{"type":"ABORT"\#(name)}"#, .aborted)
                #expect(aborted.streamID == "gone")
                // Who waited for more is told that none will come.
                try await reader.expectError(.aborted)
                reader.get("gone", 0, 1)
                try await reader.expectError(.streamNotFound)
                #expect(gateway.files == [".lock"])
            }
            peer.say(#"{"type":"ABORT"}"#)
            try await peer.expectError(.noOpenStream)
        }
    }

    @Test("a removed stream is not found, a live one is busy")
    func delete() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("removed", [1, 2, 3])
            let peer = try await gateway.peer()
            #expect(try await peer.read("removed", 0, 10).readableBytes == 3)
            #expect(try await peer.ask(#"{"type":"DELETE","streamId":"removed"}"#, .deleted).streamID == "removed")
            peer.get("removed", 0, 10)
            try await peer.expectError(.streamNotFound)
            peer.say(#"{"type":"DELETE","streamId":"removed"}"#)
            try await peer.expectError(.streamNotFound)
            try await peer.start("removed")
            peer.say(#"{"type":"DELETE","streamId":"removed"}"#)
            try await peer.expectError(.streamBusy)
            try await peer.stop("removed")
        }
    }

    @Test("what is said after a DELETE is said to a gateway where it has been done")
    func deleteThenStart() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("again", [1, 2, 3])
            let peer = try await gateway.peer()
            for _ in 0..<20 {
                peer.say(#"{"type":"DELETE","streamId":"again"}"#)
                peer.say(#"{"type":"START","streamId":"again"}"#)
                peer.upload([7])
                peer.say(#"{"type":"STOP"}"#)
                peer.get("again", 0, 10)
            }
            for _ in 0..<20 {
                try await peer.expect(.deleted)
                try await peer.expect(.started)
                try await peer.expect(.stopped)
                #expect(try await peer.bytes().isEqual(to: [7]))
            }
        }
    }

    @Test("a digest that is right seals, one that is wrong does not, and the bytes are kept")
    func digests() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(70_000)
            let peer = try await gateway.peer()
            try await peer.start("digest")
            peer.upload(bytes)
            peer.say(#"{"type":"STOP","streamId":"digest","sha256":"\#(sha256([1]))"}"#)
            let error = try await peer.expectError(.digestMismatch)
            #expect(error.streamID == "digest")
            let info = try await peer.info("digest")
            #expect(info.state == "suspended" && info.size == 70_000)
            #expect(try await peer.read("digest", 0, 1 << 20).isEqual(to: bytes))
            // It can be gone on with, by somebody who knows better.
            #expect(try await peer.start("digest", #","resume":true"#).offset == 70_000)
            let stopped = try await peer.stop("digest", #","sha256":"\#(sha256(bytes).uppercased())""#)
            #expect(stopped.sha256 == sha256(bytes))
        }
    }

    @Test("a digest that is none is refused, and the upload goes on", arguments: [#""""#, #""abc""#, "5", #""zz""#])
    func badDigests(written: String) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("digest")
            peer.say(#"{"type":"STOP","sha256":\#(written)}"#)
            try await peer.expectError(.badMessage)
            peer.say(#"{"type":"STOP","sha256":"\#(String(repeating: "é", count: 32))"}"#)
            try await peer.expectError(.badMessage)
            peer.upload([1])
            try await peer.stop("digest")
            #expect(try await peer.info("digest").size == 1)
        }
    }

    @Test("streams are listed page by page, in order, by prefix and state")
    func list() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            for number in 0..<7 {
                try await writer.start("a-\(number)")
                try await writer.stop("a-\(number)")
            }
            try await writer.start("b-live")
            let peer = try await gateway.peer()
            var names: [String] = []
            var after = ""
            var pages = 0
            repeat {
                let page = try await peer.ask(#"{"type":"LIST","limit":3\#(after)}"#, .list)
                let streams = try #require(page.streams)
                #expect(streams.count <= 3)
                names += streams.map(\.streamID)
                pages += 1
                after = page.next.map { #","after":"\#($0)""# } ?? ""
            } while !after.isEmpty && pages < 10
            #expect(names == (0..<7).map { "a-\($0)" } + ["b-live"])
            #expect(pages == 3)
            let live = try await peer.ask(#"{"type":"LIST","state":"live"}"#, .list)
            #expect(live.streams?.map(\.streamID) == ["b-live"] && live.next == nil)
            let some = try await peer.ask(#"{"type":"LIST","prefix":"a-","state":"sealed","limit":100}"#, .list)
            #expect(some.streams?.count == 7)
            #expect(try await peer.ask(#"{"type":"LIST","prefix":"nothing"}"#, .list).streams == [])
            for text in [
                #"{"type":"LIST","limit":0}"#, #"{"type":"LIST","limit":1001}"#, #"{"type":"LIST","state":"removed"}"#,
                #"{"type":"LIST","state":"x"}"#,
            ] {
                peer.say(text)
                try await peer.expectError(.range)
            }
            peer.say(#"{"type":"LIST","after":"../x"}"#)
            try await peer.expectError(.badStreamID)
        }
    }

    @Test("PING tells version and backend")
    func ping() async throws {
        try await TestGateway.run { gateway in
            let pong = try await gateway.peer().ask(#"{"type":"PING"}"#, .pong)
            #expect(pong.server == "audio-stream-cache/\(GatewayServer.version)")
            #expect(pong.backend == "mmap")
        }
    }
}
