import CacheProtocol
import NIOCore
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Reading a sealed stream over HTTP", .timeLimit(.minutes(5)))
struct HTTPReadTests {
    private static func digest(_ bytes: [UInt8]) throws -> String {
        DigestField.value(try #require(SHA256Value(hexadecimal: sha256(bytes))))
    }

    @Test(
        "GET brings all of it, with every header that a cache, a player and a browser need; HEAD brings the same header"
    )
    func whole() async throws {
        let bytes = sample(300_000)
        try await TestGateway.run { gateway in
            try await gateway.store("call-1", bytes)
            let peer = try await gateway.connect()
            let answer = try await peer.ask("GET", "/streams/call-1")
            #expect(answer.status == 200 && answer.body.isEqual(to: bytes))
            #expect(answer["content-length"] == "300000" && answer["accept-ranges"] == "bytes")
            #expect(answer["content-type"] == "application/octet-stream")
            #expect(answer["etag"] == "\"\(sha256(bytes))\"")
            #expect(try answer["repr-digest"] == Self.digest(bytes))
            #expect(answer["last-modified"].flatMap { HTTPDate($0) } != nil)
            #expect(answer["cache-control"] == "max-age=86400, immutable")
            #expect(answer["x-content-type-options"] == "nosniff")
            #expect(
                answer["content-security-policy"] == "sandbox allow-same-origin; default-src 'none'; media-src 'self'"
            )
            #expect(answer["content-disposition"] == #"attachment; filename="call-1""#)
            #expect(answer["cross-origin-resource-policy"] == "same-origin")
            let head = try await peer.ask("HEAD", "/streams/call-1")
            let fields = { (answer: RawPeer.Answer) in
                answer.head.fields.filter { $0.name != "date" }.map { "\($0.name): \($0.value)" }.sorted()
            }
            #expect(head.status == 200 && fields(head) == fields(answer))
            // The connection goes on.
            #expect(try await peer.ask("GET", "/streams/call-1").body.isEqual(to: bytes))
        }
    }

    @Test("an empty stream is 200 with nothing in it")
    func empty() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("empty", [])
            let peer = try await gateway.connect()
            let answer = try await peer.ask("GET", "/streams/empty")
            #expect(answer.status == 200 && answer["content-length"] == "0" && answer["etag"] != nil)
            let range = try await peer.ask("GET", "/streams/empty", [("Range", "bytes=0-")])
            #expect(range.status == 416 && range["content-range"] == "bytes */0")
        }
    }

    @Test("the kind that the first bytes tell is served, and the one that the writer declared, if it is audio")
    func types() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("sniffed", Array("fLaC".utf8) + sample(100))
            let writer = try await gateway.peer()
            for (id, type) in [("declared", "audio/x-thing"), ("page", "text/html")] {
                try await writer.start(id, #","contentType":"\#(type)""#)
                writer.upload(Array("<html><script>alert(1)</script>".utf8))
                try await writer.stop(id)
            }
            let peer = try await gateway.connect()
            let sniffed = try await peer.ask("GET", "/streams/sniffed")
            #expect(sniffed["content-type"] == "audio/flac")
            #expect(sniffed["content-disposition"] == #"inline; filename="sniffed.flac""#)
            #expect(try await peer.ask("GET", "/streams/declared")["content-type"] == "audio/x-thing")
            let page = try await peer.ask("GET", "/streams/page")
            #expect(page["content-type"] == "application/octet-stream")
            #expect(page["content-disposition"]?.hasPrefix("attachment") == true)
        }
    }

    @Test("a range is 206 with its place, and the digest of the whole")
    func range() async throws {
        let bytes = sample(200_000)
        try await TestGateway.run { gateway in
            try await gateway.store("s", bytes)
            let peer = try await gateway.connect()
            for (value, range) in [
                ("bytes=0-0", 0..<1), ("bytes=100000-", 100_000..<200_000), ("bytes=-5", 199_995..<200_000),
                ("bytes=65530-65540", 65_530..<65_541), ("bytes=199999-500000", 199_999..<200_000),
            ] {
                let answer = try await peer.ask("GET", "/streams/s", [("Range", value)])
                #expect(answer.status == 206 && answer.body.isEqual(to: bytes, range), "\(value)")
                #expect(answer["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/200000")
                #expect(try answer["repr-digest"] == Self.digest(bytes))
                let head = try await peer.ask("HEAD", "/streams/s", [("Range", value)])
                #expect(head.status == 206 && head["content-range"] == answer["content-range"])
            }
            let beyond = try await peer.ask("GET", "/streams/s", [("Range", "bytes=200000-")])
            #expect(beyond.status == 416 && beyond["content-range"] == "bytes */200000")
            #expect(beyond["content-type"] == "application/problem+json" && beyond.text.contains(#""code":"range""#))
            let nonsense = try await peer.ask("GET", "/streams/s", [("Range", "bytes=9-1")])
            #expect(nonsense.status == 200 && nonsense.body.readableBytes == 200_000)
        }
    }

    @Test("several ranges are one body of parts, each with its place; overlapping ones are the whole")
    func ranges() async throws {
        let bytes = sample(1_000)
        try await TestGateway.run { gateway in
            try await gateway.store("s", bytes)
            let peer = try await gateway.connect()
            let answer = try await peer.ask("GET", "/streams/s", [("Range", "bytes=10-19,500-501,-3")])
            #expect(answer.status == 206)
            let type = try #require(answer["content-type"])
            let boundary = try #require(type.split(separator: "=").last)
            #expect(type == "multipart/byteranges; boundary=\(boundary)")
            var expected = ByteBuffer()
            for (index, range) in [10..<20, 500..<502, 997..<1_000].enumerated() {
                expected.writeString(
                    "\(index == 0 ? "" : "\r\n")--\(boundary)\r\nContent-Type: application/octet-stream\r\n"
                )
                expected.writeString("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/1000\r\n\r\n")
                expected.writeBytes(bytes[range])
            }
            expected.writeString("\r\n--\(boundary)--\r\n")
            #expect(answer.body == expected)
            let overlapping = try await peer.ask("GET", "/streams/s", [("Range", "bytes=0-5,3-9")])
            #expect(overlapping.status == 200 && overlapping.body.isEqual(to: bytes))
        }
    }

    @Test("who has the stream gets 304, and who believes another state gets the whole, or 412")
    func conditions() async throws {
        let bytes = sample(1_000)
        try await TestGateway.run { gateway in
            try await gateway.store("s", bytes)
            let peer = try await gateway.connect()
            let tag = "\"\(sha256(bytes))\""
            let date = try #require(try await peer.ask("HEAD", "/streams/s")["last-modified"])
            for field in [("If-None-Match", tag), ("If-Modified-Since", date)] {
                let answer = try await peer.ask("GET", "/streams/s", [field])
                #expect(answer.status == 304 && answer["etag"] == tag && answer["content-length"] == nil)
            }
            let range = ("Range", "bytes=0-9")
            #expect(try await peer.ask("GET", "/streams/s", [range, ("If-Range", tag)]).status == 206)
            #expect(try await peer.ask("GET", "/streams/s", [range, ("If-Range", "\"other\"")]).status == 200)
            #expect(try await peer.ask("GET", "/streams/s", [("If-Match", "\"other\"")]).status == 412)
            #expect(try await peer.ask("DELETE", "/streams/s", [("If-Match", "\"other\"")]).status == 412)
            #expect(try await peer.ask("DELETE", "/streams/s", [("If-Match", tag)]).status == 204)
            #expect(try await peer.ask("GET", "/streams/s", [("If-None-Match", tag)]).status == 404)
        }
    }

    @Test("a client of HTTP/1.0 gets the bytes without chunks, and the end of the connection behind them")
    func old() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("s", Array("0123456789".utf8))
            let peer = try await gateway.connect()
            peer.request("GET", "/streams/s", version: "1.0")
            let text = String(buffer: try await peer.readToEnd())
            #expect(text.hasPrefix("HTTP/1.0 200 ") && text.hasSuffix("\r\n\r\n0123456789"), "\(text)")
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload(Array("01234".utf8))
            try await writer.settle()
            let follower = try await gateway.connect()
            follower.request("GET", "/streams/live", version: "1.0")
            _ = try await follower.take("the first bytes") { unread -> Bool? in
                unread.readableBytesView.firstRange(of: "01234".utf8) == nil ? nil : true
            }
            writer.upload(Array("56789".utf8))
            try await writer.stop("live")
            let live = String(buffer: try await follower.readToEnd())
            #expect(live.hasSuffix("\r\n\r\n0123456789") && !live.lowercased().contains("chunked"), "\(live)")
        }
    }
}
