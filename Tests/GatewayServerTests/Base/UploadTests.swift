import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Uploads, over a socket", .timeLimit(.minutes(5)))
struct UploadTests {
    @Test("frames of any size make the same stream", arguments: [1, 3, 1_000, 8_192, 65_535, 65_536, 65_537, 300_000])
    func frames(length: Int) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let bytes = sample(length == 1 ? 2_000 : 300_000)
            try await peer.start("frames")
            peer.upload(bytes, frameLength: length, key: MaskingKey(littleEndian: 0x8001_02FE))
            try await peer.stop("frames")
            #expect(try await peer.read("frames", 0, 1 << 20).isEqual(to: bytes))
        }
    }

    @Test("a message in fragments, down to one byte and to none, makes the same stream")
    func fragments() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            let bytes = sample(3_000)
            try await peer.start("fragments")
            for (index, byte) in bytes.enumerated() {
                peer.sendFrame(index % 1_000 == 0 ? .binary : .continuation, [byte], isFinal: index % 1_000 == 999)
                if index % 100 == 50 { peer.sendFrame(.continuation, [], isFinal: false) }
            }
            peer.sendFrame(.binary, [])
            try await peer.stop("fragments")
            #expect(try await peer.read("fragments", 0, 10_000).isEqual(to: bytes))
        }
    }

    @Test("however the bytes of a conversation are cut into packets, the stream is the same")
    func anyCut() async throws {
        try await TestGateway.run { gateway in
            try await checkProperty(runs: 8) { random in
                let bytes = random.bytes(Int.random(in: 0...200_000, using: &random))
                let name = "cut-\(random.seed)"
                var conversation = ByteBuffer()
                conversation.write(.text, #"{"type":"START","streamId":"\#(name)"}"#.utf8)
                var start = 0
                while start < bytes.count {
                    let end = min(bytes.count, start + Int.random(in: 1...100_000, using: &random))
                    conversation.write(
                        .binary,
                        bytes[start..<end],
                        key: MaskingKey(littleEndian: UInt32.random(in: 0 ... .max, using: &random))
                    )
                    start = end
                }
                conversation.write(.text, #"{"type":"STOP"}"#.utf8)
                let peer = try await gateway.peer()
                while conversation.readableBytes > 0 {
                    let length = min(conversation.readableBytes, Int.random(in: 1...20_000, using: &random))
                    if let piece = conversation.readSlice(length: length) { peer.send(piece) }
                }
                try await peer.expect(.started)
                try await peer.expect(.stopped)
                try #require(try await peer.read(name, 0, 1 << 20).isEqual(to: bytes))
                await peer.drop()
            }
        }
    }

    @Test("bytes are not answered, whatever their frames are like")
    func noReply() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("quiet")
            for length in [1, 10, 8_192, 65_536, 0, 1] {
                peer.upload(sample(length))
                try await peer.settle()
            }
            try await peer.stop("quiet")
        }
    }

    @Test("what is sent before STARTED came is not lost")
    func impatient() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            peer.say(#"{"type":"START","streamId":"fast"}"#)
            peer.upload(sample(200_000))
            peer.say(#"{"type":"STOP"}"#)
            peer.get("fast", 0, 300_000)
            try await peer.expect(.started)
            try await peer.expect(.stopped)
            #expect(try await peer.bytes().isEqual(to: sample(200_000)))
        }
    }

    @Test("what was sent before the connection was closed counts, STOP too", arguments: [false, true])
    func hasty(saysClose: Bool) async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(6 << 20)
            let peer = try await gateway.peer()
            peer.say(#"{"type":"START","streamId":"hasty"}"#)
            peer.upload(bytes)
            peer.say(#"{"type":"STOP"}"#)
            if saysClose { peer.sayClose() }
            try await peer.finishSending()
            try await peer.readToEnd()
            let other = try await gateway.peer()
            let info = try await other.info("hasty")
            #expect(info.state == "sealed" && info.size == 6 << 20)
            #expect(info.sha256 == sha256(bytes))
        }
    }

    @Test("START, STOP and no bytes make an empty stream, which is one")
    func empty() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("empty")
            #expect(try await peer.read("empty", 0, 100).readableBytes == 0)
            try await peer.stop("empty")
            #expect(try await peer.read("empty", 0, 100).readableBytes == 0)
            #expect(try await peer.read("empty", 5, 100).readableBytes == 0)
            let info = try await peer.info("empty")
            #expect(info.state == "sealed" && info.size == 0)
            #expect(info.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            peer.say(#"{"type":"START","streamId":"empty"}"#)
            try await peer.expectError(.streamExists)
        }
    }

    @Test("one connection uploads one stream at a time, and the first one goes on unharmed")
    func twoAtOnce() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("one")
            peer.upload([1, 2])
            peer.say(#"{"type":"START","streamId":"two"}"#)
            let error = try await peer.expectError(.streamBusy)
            #expect(error.streamID == "two")
            #expect(error.message.contains("one"))
            peer.say(#"{"type":"START","streamId":"one"}"#)
            try await peer.expectError(.streamBusy)
            peer.upload([3])
            try await peer.stop("one")
            #expect(try await peer.read("one", 0, 10).isEqual(to: [1, 2, 3]))
            try await peer.start("two")
            try await peer.stop("two")
        }
    }

    @Test("bytes without a stream are complained about once, and go nowhere")
    func noStream() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            for _ in 0..<3 { peer.upload([1]) }
            try await peer.expectError(.noOpenStream)
            try await peer.settle()
            try await peer.start("after")
            try await peer.stop("after")
            #expect(try await peer.info("after").size == 0)
        }
    }

    @Test("an id is sealed, suspended or in another's hands: each has its code, and the stream is not touched")
    func taken() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let newcomer = try await gateway.peer()
            try await writer.start("taken")
            writer.upload([1, 2, 3])
            try await writer.settle()
            newcomer.say(#"{"type":"START","streamId":"taken"}"#)
            let busy = try await newcomer.expectError(.streamBusy)
            #expect(busy.streamID == "taken" && busy.isRetryable == true)

            writer.sayClose()
            try await writer.expectClose(1_000)
            try await writer.expectEnd()
            // The server let go of the stream before it said goodbye, but the last bytes may still be on their way.
            while true {
                newcomer.say(#"{"type":"START","streamId":"taken"}"#)
                let answer = try await newcomer.expect(.error)
                if answer.code == .streamBusy { continue }
                #expect(answer.code == .streamExists)
                break
            }
            #expect(try await newcomer.read("taken", 0, 10).isEqual(to: [1, 2, 3]))

            try await newcomer.start("sealed")
            try await newcomer.stop("sealed")
            newcomer.say(#"{"type":"START","streamId":"sealed"}"#)
            try await newcomer.expectError(.streamExists)
            newcomer.say(#"{"type":"START","streamId":"sealed","resume":true}"#)
            try await newcomer.expectError(.streamExists)
            try await newcomer.settle()
        }
    }
}
