import CacheProtocol
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Streams over HTTP, and what is wrong with requests", .timeLimit(.minutes(5)))
struct HTTPManagementTests {
    @Test("the list is JSON, in pages, with the members of LIST")
    func list() async throws {
        try await TestGateway.run { gateway in
            for id in ["a-1", "a-2", "a-3", "b-1"] { try await gateway.store(id, Array(id.utf8)) }
            let writer = try await gateway.peer()
            try await writer.start("a-4")
            let peer = try await gateway.connect()
            var ids: [String] = []
            var after = ""
            repeat {
                let answer = try await peer.ask("GET", "/streams?prefix=a%2D&limit=2\(after)")
                #expect(answer.status == 200 && answer["content-type"] == "application/json")
                #expect(answer["cache-control"] == "no-store")
                let message = try #require(
                    try ServerMessage.decode(json: ByteBuffer(string: #"{"type":"LIST","# + answer.text.dropFirst()))
                )
                ids += message.streams?.map { $0.streamID } ?? []
                after = message.next.map { "&after=\($0)" } ?? ""
            } while !after.isEmpty
            #expect(ids == ["a-1", "a-2", "a-3", "a-4"])
            let live = try await peer.ask("GET", "/streams?state=live")
            #expect(live.text.contains(#""streamId":"a-4","state":"live""#) && !live.text.contains("a-1"))
            let info = try await peer.ask("GET", "/streams/b-1/info")
            #expect(info.text.hasPrefix(#"{"streamId":"b-1","state":"sealed","size":3,"sha256":""#), "\(info.text)")
        }
    }

    @Test("DELETE removes a stream, and not one that is being written")
    func remove() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("s", [1])
            let writer = try await gateway.peer()
            try await writer.start("live")
            let peer = try await gateway.connect()
            #expect(try await peer.ask("DELETE", "/streams/s").status == 204)
            #expect(try await peer.ask("DELETE", "/streams/s").status == 404)
            let busy = try await peer.ask("DELETE", "/streams/live")
            #expect(busy.status == 409 && busy.text.contains(#""code":"stream_busy""#))
            #expect(gateway.files.filter { $0.hasSuffix(".audio") }.isEmpty)
        }
    }

    @Test(
        "what is wrong is told by status and code, as problem details",
        arguments: [
            ("GET", "/streams/nothing", 404, "stream_not_found"), ("HEAD", "/streams/nothing", 404, ""),
            ("GET", "/streams/nothing/info", 404, "stream_not_found"), ("GET", "/streams/%2e%2e", 400, "bad_stream_id"),
            ("GET", "/streams/..", 400, "bad_stream_id"), ("GET", "/streams/%252e%252e", 400, "bad_stream_id"),
            ("DELETE", "/streams/..%2fcache", 400, "bad_stream_id"),
            ("GET", "/streams/a%00b/info", 400, "bad_stream_id"),
            ("GET", "/streams/a%2", 400, "bad_stream_id"), ("GET", "/streams?limit=0", 400, "range"),
            ("GET", "/streams?cursor=x", 400, "range"), ("GET", "/streams?after=..", 400, "bad_stream_id"),
            ("GET", "/nothing", 404, "unsupported"), ("GET", "/streams/a/b", 404, "unsupported"),
            ("PATCH", "/streams/a", 405, "unsupported"), ("DELETE", "/streams", 405, "unsupported"),
            ("POST", "/healthz", 405, "unsupported"),
        ]
    )
    func problems(method: String, target: String, status: Int, code: String) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.connect()
            let answer = try await peer.ask(method, target)
            #expect(answer.status == status)
            #expect(answer["content-type"] == "application/problem+json")
            #expect(method == "HEAD" || answer.text.contains(#""code":"\#(code)""#), "\(answer.text)")
            #expect((answer["allow"] != nil) == (status == 405))
            #expect(try await peer.ask("GET", "/livez").status == 200)
        }
    }

    @Test("other hosts and the pages of other origins get nothing, on any route; listed ones may read")
    func origins() async throws {
        try await TestGateway.run {
            $0.gateway.allowedHosts = ["gateway.example"]
            $0.gateway.allowedOrigins = ["https://studio.example"]
        } _: { gateway in
            let peer = try await gateway.connect()
            for (method, target) in [
                ("GET", "/streams"), ("GET", "/streams/s"), ("DELETE", "/streams/s"), ("GET", "/healthz"),
                ("GET", "/nothing"),
                ("OPTIONS", "/streams"),
            ] {
                for fields in [
                    [("Host", "evil.example")], [("Host", "gateway.example"), ("Origin", "https://evil.example")],
                    [("Host", "gateway.example"), ("Origin", "null")],
                ] {
                    let answer = try await peer.ask(method, target, fields)
                    #expect(answer.status == 403 && answer["access-control-allow-origin"] == nil, "\(method) \(target)")
                }
            }
            let allowed = [("Host", "gateway.example:80"), ("Origin", "https://studio.example")]
            let list = try await peer.ask("GET", "/streams", allowed)
            #expect(list.status == 200 && list["access-control-allow-origin"] == "https://studio.example")
            let preflight = try await peer.ask(
                "OPTIONS",
                "/streams/s",
                allowed + [("Access-Control-Request-Method", "PUT")]
            )
            #expect(preflight.status == 204 && preflight["access-control-allow-methods"]?.contains("DELETE") == true)
            let missing = try await peer.ask("GET", "/streams/s", allowed)
            #expect(missing.status == 404 && missing["access-control-allow-origin"] == "https://studio.example")
            let twice = try await peer.ask("GET", "/streams", [("Host", "gateway.example"), ("host", "evil.example")])
            #expect(twice.status == 400)
        }
    }
}
