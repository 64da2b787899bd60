import CacheProtocol
import FileStorage
import NIOCore
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Uploading over HTTP", .timeLimit(.minutes(5)))
struct HTTPUploadTests {
    private static func digest(_ bytes: [UInt8]) throws -> String {
        DigestField.value(try #require(SHA256Value(hexadecimal: sha256(bytes))))
    }

    @Test("PUT stores and seals the body, whatever its framing, and says what it stored")
    func put() async throws {
        let bytes = sample(3 << 20)
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let fields = [("Content-Type", "audio/mpeg"), ("Repr-Digest", try Self.digest(bytes))]
            let answer = try await peer.ask("PUT", "/streams/s", fields, body: bytes)
            #expect(answer.status == 201 && answer["location"] == "/streams/s")
            #expect(answer["etag"] == "\"\(sha256(bytes))\"")
            #expect(try answer["repr-digest"] == Self.digest(bytes))
            #expect(answer.text.contains(#""state":"sealed","size":3145728,"contentType":"audio/mpeg""#))
            peer.request("PUT", "/streams/chunked", [("Transfer-Encoding", "chunked")])
            for start in stride(from: 0, to: 300_000, by: 100_000) {
                peer.send("186a0\r\n")
                peer.send(Array(bytes[start..<(start + 100_000)]))
                peer.send("\r\n")
            }
            peer.send("0\r\n\r\n")
            #expect(try await peer.answer().status == 201)
            let chunked = try await peer.ask("GET", "/streams/chunked")
            #expect(chunked.body.isEqual(to: bytes, 0..<300_000))
            #expect(try await peer.ask("GET", "/streams/s").body.isEqual(to: bytes))
            #expect(try await peer.ask("PUT", "/streams/empty", body: []).status == 201)
        }
    }

    @Test("readers follow an upload while it comes")
    func live() async throws {
        let bytes = sample(200_000)
        try await TestGateway.run { gateway in
            let writer = try await gateway.connect()
            writer.request("PUT", "/streams/live", [("Content-Length", "200000"), ("Expect", "100-continue")])
            #expect(try await writer.head().status == 100)
            writer.send(Array(bytes[..<50_000]))
            let reader = try await gateway.connect()
            reader.request("GET", "/streams/live")
            #expect(try await reader.head().status == 200)
            #expect(try await reader.chunked(50_000).isEqual(to: bytes, 0..<50_000))
            writer.send(Array(bytes[50_000...]))
            #expect(try await reader.chunked(150_000).isEqual(to: bytes, 50_000..<200_000))
            #expect(try await writer.answer().status == 201)
            #expect(try await reader.chunk() == nil)
        }
    }

    @Test("POST makes the name")
    func post() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            var places: [String] = []
            for _ in 0..<3 {
                places.append(try #require(try await peer.ask("POST", "/streams", body: [1, 2])["location"]))
            }
            #expect(Set(places).count == 3 && places == places.sorted())
            for place in places { #expect(try await peer.ask("GET", place).body.isEqual(to: [1, 2])) }
        }
    }

    @Test("an upload that breaks off is suspended, never sealed, and goes on from there", arguments: [true, false])
    func brokenOff(isChunked: Bool) async throws {
        let bytes = sample(100_000)
        try await TestGateway.run { gateway in
            let writer = try await gateway.connect()
            let framing = isChunked ? ("Transfer-Encoding", "chunked") : ("Content-Length", "100000")
            writer.request("PUT", "/streams/s", [framing])
            if isChunked { writer.send("186a0\r\n") }
            writer.send(Array(bytes[..<60_000]))
            let reader = try await gateway.connect()
            var info = try await reader.ask("GET", "/streams/s/info").text
            while !info.contains(#""size":60000"#) { info = try await reader.ask("GET", "/streams/s/info").text }
            await writer.drop()
            while !info.contains("suspended") { info = try await reader.ask("GET", "/streams/s/info").text }
            #expect(info.contains(#""size":60000"#))
            let peer = try await gateway.connect()
            let again = try await peer.ask("PUT", "/streams/s", body: [1])
            #expect(again.status == 409 && again.text.contains(#""code":"stream_exists""#))
            #expect(again.text.contains(#""offset":60000"#))
            for (range, body) in [("bytes 59999-99999/100000", 40_001), ("bytes 60001-99999/100000", 39_999)] {
                let wrong = try await gateway.connect()
                let answer = try await wrong.ask("PUT", "/streams/s", [("Content-Range", range)], body: sample(body))
                #expect(answer.status == 409 && answer.text.contains(#""offset":60000"#))
            }
            let next = try await gateway.connect()
            let fields = [("Content-Range", "bytes 60000-99999/100000"), ("Repr-Digest", try Self.digest(bytes))]
            #expect(try await next.ask("PUT", "/streams/s", fields, body: Array(bytes[60_000...])).status == 201)
            #expect(try await next.ask("GET", "/streams/s").body.isEqual(to: bytes))
        }
    }

    @Test("a body without a length that ends before its Content-Range does seals nothing")
    func shortRange() async throws {
        try await TestGateway.run { gateway in
            let first = try await gateway.connect()
            first.request("PUT", "/streams/s", [("Content-Length", "100000")])
            first.send(sample(60_000))
            while true {
                let info = try await gateway.connect().ask("GET", "/streams/s/info")
                if info.text.contains(#""size":60000"#) { break }
            }
            await first.drop()
            while true {
                let info = try await gateway.connect().ask("GET", "/streams/s/info")
                if info.text.contains(#""state":"suspended""#) { break }
            }
            let next = try await gateway.connect()
            let fields = [("Content-Range", "bytes 60000-99999/100000"), ("Transfer-Encoding", "chunked")]
            next.request("PUT", "/streams/s", fields)
            next.send("a\r\n0123456789\r\n0\r\n\r\n")
            #expect(try await next.answer().status != 201)
            let info = try await gateway.connect().ask("GET", "/streams/s/info")
            #expect(info.text.contains(#""state":"suspended","size":60010"#))
        }
    }

    @Test("a wrong digest seals nothing and keeps the bytes")
    func wrongDigest() async throws {
        let bytes = sample(1_000)
        try await TestGateway.run { gateway in
            for field in ["Repr-Digest", "Content-Digest"] {
                let peer = try await gateway.connect()
                let fields = [(field, try Self.digest([1]))]
                let answer = try await peer.ask("PUT", "/streams/\(field)", fields, body: bytes)
                #expect(answer.status == 422 && answer.text.contains(#""code":"digest_mismatch""#))
                let info = try await gateway.connect().ask("GET", "/streams/\(field)/info")
                #expect(info.text.contains(#""state":"suspended","size":1000"#))
            }
        }
    }

    @Test("a stream that is there is not replaced, unless it is named by its tag")
    func existing() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("s", [1, 2, 3])
            let tag = "\"\(sha256([1, 2, 3]))\""
            for (fields, status) in [
                ([], 409), ([("If-None-Match", "*")], 412), ([("If-Match", "\"other\"")], 412),
                ([("If-Match", tag)], 200),
                ([("If-Match", tag)], 412),
            ] as [([(String, String)], Int)] {
                let peer = try await gateway.connect()
                #expect(try await peer.ask("PUT", "/streams/s", fields, body: [9]).status == status, "\(fields)")
            }
            let peer = try await gateway.connect()
            #expect(try await peer.ask("GET", "/streams/s").body.isEqual(to: [9]))
            #expect(try await peer.ask("PUT", "/streams/new", [("If-None-Match", "*")], body: [1]).status == 201)
            #expect(try await peer.ask("PUT", "/streams/none", [("If-Match", "*")], body: [1]).status == 412)
        }
    }

    @Test("an upload that is refused early is told so though it goes on, and its connection ends")
    func refusedEarly() async throws {
        try await TestGateway.run {
            $0.storage.maximumStreamSize = 1_000
        } _: { gateway in
            let peer = try await gateway.connect()
            peer.request("PUT", "/streams/long", [("Content-Length", "100000000")])
            peer.send(sample(100_000))
            let answer = try await peer.answer()
            #expect(answer.status == 413 && answer["connection"] == "close")
            #expect(answer.text.contains(#""code":"stream_too_large""#))
            try await peer.expectEnd()
            // Where nobody says how long it is, the limit is found on the way.
            let chunked = try await gateway.connect()
            chunked.request("PUT", "/streams/chunked", [("Transfer-Encoding", "chunked")])
            chunked.send("186a0\r\n")
            chunked.send(sample(100_000))
            #expect(try await chunked.answer().status == 413)
            // Who asks first has nothing to send.
            let polite = try await gateway.connect()
            polite.request("PUT", "/streams/..", [("Content-Length", "100000000"), ("Expect", "100-continue")])
            #expect(try await polite.answer().status == 400)
        }
    }

    @Test(
        "what is wrong with an upload is told before a byte of it is kept",
        arguments: [
            ([("Content-Encoding", "gzip")], 415), ([("Repr-Digest", "sha-256=nonsense")], 400),
            ([("Content-Digest", "sha-256=:AAAA:")], 400), ([("Content-Range", "bytes 0-1")], 400),
            ([("Content-Range", "bytes 0-0/9")], 400), ([("Content-Range", "bytes 0-5/6")], 400),
            ([("Content-Range", "bytes 5-5/6")], 409), ([("Content-Range", "items 0-0/1")], 400),
            ([("Content-Type", String(repeating: "x", count: 129))], 400),
            (
                [
                    ("Content-Range", "bytes 5-5/6"),
                    ("Content-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
                ], 400
            ),
        ] as [([(String, String)], Int)]
    )
    func malformed(fields: [(String, String)], status: Int) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let answer = try await peer.ask("PUT", "/streams/s", fields, body: [1])
            #expect(answer.status == status, "\(answer.text)")
            #expect(try await gateway.connect().ask("GET", "/streams/s").status == 404)
        }
    }

    @Test("what curl says of a body where it is told nothing is not taken for its type")
    func form() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let fields = [("Content-Type", "application/x-www-form-urlencoded")]
            #expect(try await peer.ask("PUT", "/streams/s", fields, body: Array("fLaC".utf8)).status == 201)
            #expect(try await peer.ask("GET", "/streams/s")["content-type"] == "audio/flac")
        }
    }
}
