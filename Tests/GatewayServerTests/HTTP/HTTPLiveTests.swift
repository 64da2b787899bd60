import CacheProtocol
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Reading a live stream over HTTP", .timeLimit(.minutes(5)))
struct HTTPLiveTests {
    @Test("it plays on as it grows, and ends with the digest of the whole when it is sealed")
    func follow() async throws {
        let bytes = sample(300_000)
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload(Array(bytes[..<100_000]))
            try await writer.settle()
            for fields in [[], [("Range", "bytes=0-")]] {
                let reader = try await gateway.connect()
                reader.request("GET", "/streams/live", fields)
                let head = try await reader.head()
                #expect(head.status == 200 && head["content-length"] == nil && head["etag"] == nil)
                #expect(head["cache-control"] == "no-store" && head["trailer"] == "Repr-Digest")
                #expect(head["accept-ranges"] == "bytes" && head["last-modified"] == nil)
                #expect(try await reader.chunked(100_000).isEqual(to: bytes, 0..<100_000))
            }
            let reader = try await gateway.connect()
            reader.request("GET", "/streams/live")
            _ = try await reader.head()
            #expect(try await reader.chunked(100_000).isEqual(to: bytes, 0..<100_000))
            writer.upload(Array(bytes[100_000..<200_000]))
            #expect(try await reader.chunked(100_000).isEqual(to: bytes, 100_000..<200_000))
            writer.upload(Array(bytes[200_000...]))
            try await writer.stop("live")
            #expect(try await reader.chunked(100_000).isEqual(to: bytes, 200_000..<300_000))
            #expect(try await reader.chunk() == nil)
            let trailers = try await reader.trailers()
            let digest = DigestField.value(try #require(SHA256Value(hexadecimal: sha256(bytes))))
            #expect(trailers.map { $0.name } == ["repr-digest"] && trailers.first?.value == digest)
            // Now it is a sealed one, and the connection is as good as new.
            #expect(try await reader.ask("GET", "/streams/live").body.isEqual(to: bytes))
        }
    }

    @Test("a range never waits: it is what is there now, of an unknown whole")
    func ranges() async throws {
        let bytes = sample(1_000)
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload(bytes)
            try await writer.settle()
            let peer = try await gateway.connect()
            for (value, range) in [
                ("bytes=0-9", 0..<10), ("bytes=990-2000", 990..<1_000), ("bytes=500-", 500..<1_000),
                ("bytes=-1", 999..<1_000),
            ] {
                let answer = try await peer.ask("GET", "/streams/live", [("Range", value)])
                #expect(answer.status == 206 && answer.body.isEqual(to: bytes, range), "\(value)")
                #expect(answer["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/*")
            }
            let beyond = try await peer.ask("GET", "/streams/live", [("Range", "bytes=1000-1001")])
            #expect(beyond.status == 416 && beyond["content-range"] == "bytes */1000")
        }
    }

    @Test("RFC 8673: HEAD tells how much there is, and a last position beyond everything follows from anywhere")
    func indefinite() async throws {
        let bytes = sample(3_000)
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload(Array(bytes[..<1_000]))
            try await writer.settle()
            let peer = try await gateway.connect()
            let head = try await peer.ask("HEAD", "/streams/live", [("Range", "bytes=0-")])
            #expect(head.status == 206 && head["content-range"] == "bytes 0-999/*")
            let whole = try await peer.ask("HEAD", "/streams/live")
            #expect(whole.status == 200 && whole["content-length"] == nil)
            // There is no last chunk behind a header: what comes next is an answer.
            #expect(try await peer.ask("HEAD", "/streams/live").status == 200)
            let range = ("Range", "bytes=1000-999999999999")
            let future = try await peer.ask("HEAD", "/streams/live", [range])
            #expect(future.status == 206 && future["content-range"] == "bytes 1000-999999999999/*")
            peer.request("GET", "/streams/live", [range])
            let answer = try await peer.head()
            #expect(answer.status == 206 && answer["content-range"] == "bytes 1000-999999999999/*")
            writer.upload(Array(bytes[1_000...]))
            #expect(try await peer.chunked(2_000).isEqual(to: bytes, 1_000..<3_000))
            try await writer.stop("live")
            #expect(try await peer.chunk() == nil)
        }
    }

    @Test("a suspended stream is what is there, of an unknown whole; who follows when its writer leaves waits for him")
    func suspended() async throws {
        let bytes = sample(2_000)
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload(Array(bytes[..<1_000]))
            try await writer.settle()
            let follower = try await gateway.connect()
            follower.request("GET", "/streams/live")
            _ = try await follower.head()
            #expect(try await follower.chunked(1_000).isEqual(to: bytes, 0..<1_000))
            await writer.drop()
            let peer = try await gateway.connect()
            var answer = try await peer.ask("HEAD", "/streams/live")
            while answer.head["content-length"] == nil { answer = try await peer.ask("HEAD", "/streams/live") }
            let whole = try await peer.ask("GET", "/streams/live", [("Range", "bytes=990-")])
            #expect(whole.status == 206 && whole["content-range"] == "bytes 990-999/*")
            let second = try await gateway.peer()
            try await second.start("live", #","resume":true"#)
            second.upload(Array(bytes[1_000...]))
            try await second.stop("live")
            #expect(try await follower.chunked(1_000).isEqual(to: bytes, 1_000..<2_000))
            #expect(try await follower.chunk() == nil)
        }
    }

    @Test("where the writer stays away or the stream is removed, the answer is broken off and not ended")
    func brokenOff() async throws {
        for isRemoved in [true, false] {
            try await TestGateway.run {
                // For how long it is waited for a writer; a removal ends the answer at once.
                $0.gateway.idleTimeoutSeconds = isRemoved ? 600 : 10
            } _: { gateway in
                let writer = try await gateway.peer()
                try await writer.start("live")
                writer.upload(sample(1_000))
                try await writer.settle()
                let follower = try await gateway.connect()
                follower.request("GET", "/streams/live")
                _ = try await follower.head()
                _ = try await follower.chunked(1_000)
                if isRemoved { _ = try await writer.ask(#"{"type":"ABORT","streamId":"live"}"#, .aborted) }
                await writer.drop()
                let rest = String(buffer: try await follower.readToEnd())
                // The end of a chunk that was cut short would be "0".
                #expect(!rest.contains("0\r\n"), "\(rest)")
            }
        }
    }

    @Test("a follower that goes away is noticed though nothing comes")
    func gone() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload(sample(1_000))
            try await writer.settle()
            let peer = try await gateway.connect()
            peer.request("GET", "/streams/live")
            _ = try await peer.head()
            _ = try await peer.chunked(1_000)
            try await peer.finishSending()
            #expect(try await peer.readToEnd().readableBytes == 0)
        }
    }

    @Test("a gateway that shuts down does not wait for who follows")
    func shutdown() async throws {
        let (peers, hand) = AsyncStream<RawPeer>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { hand.finish() }
                try await TestGateway.run {
                    $0.gateway.shutdownGraceSeconds = 600
                } _: { gateway in
                    let writer = try await gateway.peer()
                    try await writer.start("live")
                    writer.upload(sample(1_000))
                    try await writer.settle()
                    let peer = try await RawPeer.connect(port: gateway.port)
                    peer.request("GET", "/streams/live")
                    _ = try await peer.head()
                    _ = try await peer.chunked(1_000)
                    hand.yield(peer)
                }
            }
            for await peer in peers {
                #expect(try await peer.readToEnd().readableBytes == 0)
                await peer.drop()
            }
            try await group.waitForAll()
        }
    }
}
