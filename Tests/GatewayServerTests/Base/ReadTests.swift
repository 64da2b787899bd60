import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("GETs, over a socket", .timeLimit(.minutes(5)))
struct ReadTests {
    @Test("an answer is one whole frame of as many bytes as were asked for and are there")
    func ranges() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(200_000)
            try await gateway.store("ranges", bytes)
            let peer = try await gateway.peer()
            for (offset, length) in [
                (0, 1), (0, 125), (0, 126), (0, 65_535), (0, 65_536), (0, 65_537), (1, 65_536), (65_535, 2),
                (100_000, 65_536), (134_464, 65_536), (134_465, 65_536), (199_999, 1), (199_999, 65_536), (0, 200_000),
                (0, 1_000_000), (3, 199_990),
            ] {
                let answer = try await peer.read("ranges", Int64(offset), Int64(length))
                #expect(answer.isEqual(to: bytes, offset..<min(offset + length, 200_000)), "\(length) at \(offset)")
            }
        }
    }

    @Test("more than 16 MiB comes in one frame, if that is what was asked for")
    func large() async throws {
        try await TestGateway.run { gateway in
            let part = sample(1 << 20)
            let peer = try await gateway.peer()
            try await peer.start("large")
            for _ in 0..<17 { peer.upload(part) }
            try await peer.stop("large")
            peer.get("large", 5, .max)
            let answer = try await peer.bytes()
            #expect(answer.readableBytes == 17 << 20 - 5)
            // In steps, for the sake of a debug build.
            for number in [1, 7, 16] {
                let slice = try #require(answer.getSlice(at: answer.readerIndex + number << 20 - 5, length: 1 << 20))
                #expect(slice == ByteBuffer(bytes: part), "the part \(number)")
            }
        }
    }

    @Test("at the end, and past it, an empty frame is the answer, of a stream that grows and of one that is sealed")
    func end() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("end")
            peer.upload([1, 2, 3])
            for round in 0..<2 {
                for offset in [3, 4, 65_536, Int64.max] {
                    peer.get("end", offset, 65_536)
                    let frame = try await peer.frame()
                    #expect(frame.isFinal && frame.opcode == .binary && frame.payload.readableBytes == 0)
                }
                #expect(try await peer.read("end", 2, 5).isEqual(to: [3]))
                if round == 0 { try await peer.stop("end") }
            }
        }
    }

    @Test("an unknown stream is an error in other words than those that some clients take for the end")
    func unknown() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            peer.get("stream-0", 0, 10)
            let error = try await peer.expectError(.streamNotFound)
            #expect(error.streamID == "stream-0")
            #expect(!error.message.contains("No data available"))
            try await peer.settle()
        }
    }

    @Test("a GET without offset and length is one of the first 65,536 bytes")
    func defaults() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(70_000)
            try await gateway.store("short", bytes)
            let peer = try await gateway.peer()
            peer.say(#"{"type":"GET","streamId":"short"}"#)
            #expect(try await peer.bytes().isEqual(to: bytes, 0..<65_536))
            peer.say(#"{"type":"get","streamId":"short","offset":4464.0,"length":65536}"#)
            #expect(try await peer.bytes().isEqual(to: bytes, 4_464..<70_000))
        }
    }

    @Test("answers come in the order of the questions, errors, ends and other messages among them")
    func order() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(100_000)
            try await gateway.store("order", bytes)
            let peer = try await gateway.peer()
            for round in 0..<300 {
                peer.get("order", Int64(round * 300), 301)
                if round % 7 == 0 { peer.get("missing-\(round)", 0, 1) }
                if round % 11 == 0 { peer.get("order", 100_000, 1) }
                if round % 13 == 0 { peer.say(#"{"type":"INFO","streamId":"order"}"#) }
                if round % 17 == 0 { peer.say(#"{"type":"PING","requestId":\#(round)}"#) }
            }
            for round in 0..<300 {
                #expect(try await peer.bytes().isEqual(to: bytes, (round * 300)..<(round * 300 + 301)))
                if round % 7 == 0 {
                    #expect(try await peer.expectError(.streamNotFound).streamID == "missing-\(round)")
                }
                if round % 11 == 0 { #expect(try await peer.bytes().readableBytes == 0) }
                if round % 13 == 0 { #expect(try await peer.expect(.info).info?.size == 100_000) }
                if round % 17 == 0 { #expect(try await peer.expect(.pong).requestID == .integer(Int64(round))) }
            }
        }
    }

    @Test("one connection reads any number of streams, in turn")
    func manyStreams() async throws {
        try await TestGateway.run { gateway in
            for number in 0..<7 { try await gateway.store("many-\(number)", sample(50, seed: UInt64(number))) }
            let peer = try await gateway.peer()
            for round in 0..<40 {
                let number = round * 3 % 7
                #expect(try await peer.read("many-\(number)", 0, 50).isEqual(to: sample(50, seed: UInt64(number))))
            }
        }
    }

    @Test(
        "what has been stored so far is readable at once, by the writer and by others, and after the upload broke off"
    )
    func live() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(150_000)
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("live")
            var sent = 0
            for length in [1, 9, 8_192, 65_536, 70_000] {
                writer.upload(Array(bytes[sent..<(sent + length)]))
                sent += length
                #expect(try await writer.read("live", 0, 1 << 20).isEqual(to: bytes, 0..<sent))
                #expect(try await reader.read("live", 0, 1 << 20).isEqual(to: bytes, 0..<sent))
                #expect(try await reader.read("live", Int64(sent), 10).readableBytes == 0)
            }
            // A TCP connection that ends without a word.
            await writer.drop()
            var info = try await reader.info("live")
            while info.state == "live" { info = try await reader.info("live") }
            #expect(info.state == "suspended" && info.size == Int64(sent))
            #expect(try await reader.read("live", 0, 1 << 20).isEqual(to: bytes, 0..<sent))
            let newcomer = try await gateway.peer()
            #expect(try await newcomer.read("live", 5, 10).isEqual(to: bytes, 5..<15))
        }
    }

    @Test("an upload that is cut in the middle of a frame keeps the bytes that came")
    func cut() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            let reader = try await gateway.peer()
            try await writer.start("cut")
            var frame = ByteBuffer()
            frame.write(.binary, sample(60_000), key: .zero)
            let half = try #require(frame.getSlice(at: frame.readerIndex, length: 8 + 30_000))
            writer.send(half)
            try await writer.finishSending()
            try await writer.readToEnd()
            var info = try await reader.info("cut")
            while info.state == "live" { info = try await reader.info("cut") }
            #expect(info.state == "suspended" && info.size == 30_000)
            #expect(try await reader.read("cut", 0, 60_000).isEqual(to: sample(60_000), 0..<30_000))
        }
    }
}
