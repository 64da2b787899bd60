import CacheProtocol
import CoreMetrics
import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("/metrics", .timeLimit(.minutes(5)))
struct MetricsTests {
    @Test("every metric of the catalogue is there from the first scrape on, by its kind and its labels")
    func catalogue() async throws {
        try await TestGateway.run { gateway in
            // The files are looked through at the start.
            _ = try await gateway.scraped("ready") { $0["audiocache_ready"] == 1 }
            let (head, body) = try await gateway.http("/metrics")
            #expect(head.status == 200)
            #expect(head["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let scraped = try Scraped(body)
            for name in MetricCatalogue.Name.allCases {
                let kind = scraped.kinds[name.rawValue]
                let expected =
                    name.rawValue.hasSuffix("_total")
                    ? "counter" : [.getDuration, .eventLoopLag].contains(name) ? "histogram" : "gauge"
                #expect(kind == expected, "\(name.rawValue)")
                #expect(scraped.help[name.rawValue] == name.help)
                for series in scraped.values.keys where series.name == name.rawValue {
                    #expect(series.labels.keys.sorted() == name.labels.sorted(), "\(series)")
                }
            }
            #expect(scraped["audiocache_build_info", ["version": ServerIdentity.version]] == 1)
            #expect(scraped["audiocache_ready"] == 1)
            for code in ErrorCode.all { #expect(scraped["audiocache_errors_total", ["code": code.rawValue]] == 0) }
            #expect(scraped["audiocache_storage_used_bytes", ["backend": "mmap"]] == 0)
            #expect(scraped["audiocache_storage_free_bytes", ["backend": "mmap"]] ?? 0 > 0)
            #expect(scraped.kinds["audiocache_storage_evicted_bytes_total"] == "counter")
            #if os(Linux)
            #expect(scraped["process_resident_memory_bytes"] ?? 0 > 0)
            #endif
        }
    }

    @Test("what happens is counted: connections, uploads by their end, bytes, reads and errors")
    func counts() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            try await peer.start("sealed")
            peer.upload(sample(70_000), frameLength: 1_000)
            try await peer.stop("sealed")
            try await peer.start("aborted")
            peer.upload(sample(300))
            _ = try await peer.ask(#"{"type":"ABORT"}"#, .aborted)
            #expect(try await peer.read("sealed", 0, 50_000).readableBytes == 50_000)
            peer.get("nothing", 0, 1)
            try await peer.expectError(.streamNotFound)
            try await peer.start("open")
            var scraped = try await gateway.scraped("an open upload") { $0["audiocache_streams_open"] == 1 }
            #expect(scraped["audiocache_connections"] == 1)
            #expect(scraped["audiocache_connections_total", ["result": "accepted"]] == 1)
            #expect(scraped["audiocache_streams_started_total"] == 3)
            #expect(scraped["audiocache_streams_sealed_total"] == 1)
            #expect(scraped["audiocache_streams_aborted_total"] == 1)
            #expect(scraped["audiocache_streams_suspended_total"] == 0)
            #expect(scraped["audiocache_received_bytes_total", ["protocol": "websocket"]] == 70_300)
            #expect(scraped["audiocache_sent_bytes_total", ["protocol": "websocket"]] == 50_000)
            #expect(scraped["audiocache_get_duration_seconds_count"] == 2)
            #expect(scraped["audiocache_errors_total", ["code": "stream_not_found"]] == 1)
            await peer.drop()
            scraped = try await gateway.scraped("nobody") { $0["audiocache_connections"] == 0 }
            #expect(scraped["audiocache_streams_open"] == 0)
            #expect(scraped["audiocache_streams_suspended_total"] == 1)
        }
    }

    @Test("bytes that a subscriber is sent count too, and those that it leaves lying wait")
    func subscriber() async throws {
        try await TestGateway.run { gateway in
            try await gateway.store("long", sample(8 << 20))
            let peer = try await gateway.peer(receiveBuffer: 8 << 10)
            peer.say(#"{"type":"SUBSCRIBE","streamId":"long"}"#)
            try await peer.expect(.subscribed)
            let scraped = try await gateway.scraped("bytes that wait") { $0["audiocache_unsent_bytes"] ?? 0 > 0 }
            #expect(scraped["audiocache_sent_bytes_total", ["protocol": "websocket"]] ?? 0 > 0)
        }
    }

    @Test("a GET that waits for bytes is timed from their arrival")
    func waiting() async throws {
        try await TestGateway.run { gateway in
            let (writer, reader) = (try await gateway.peer(), try await gateway.peer())
            try await writer.start("live")
            reader.get("live", 0, 10, #","waitMs":600000"#)
            reader.sendFrame(.ping, [])
            #expect(try await reader.frame().opcode == .pong)
            let before = ContinuousClock.now
            // Time is what is to pass: the reader's wait, and not the gateway's doing.
            try await Task.sleep(for: .seconds(5))
            let waited = ContinuousClock.now - before
            writer.upload(sample(10))
            writer.sendFrame(.ping, [])
            #expect(try await reader.bytes().readableBytes == 10)
            let scraped = try await gateway.scraped("one GET") { $0["audiocache_get_duration_seconds_count"] == 1 }
            let sum = try #require(scraped["audiocache_get_duration_seconds_sum"])
            #expect(sum < Double(waited.components.seconds) + Double(waited.components.attoseconds) / 1e18)
        }
    }

    @Test("refused connections count by why")
    func refused() async throws {
        try await TestGateway.run {
            $0.gateway.maximumConnections = 1
            $0.gateway.allowedHosts = ["127.0.0.1"]
        } _: { gateway in
            for (fields, status) in [([("Host", "elsewhere")], 403), ([("Sec-WebSocket-Version", "7")], 426)] {
                let peer = try await gateway.connect()
                peer.send(RawPeer.upgradeRequest(fields))
                #expect(try await peer.head().status == status)
            }
            _ = try await gateway.peer()
            let late = try await gateway.connect()
            late.send(RawPeer.upgradeRequest())
            #expect(try await late.head().status == 503)
            let scraped = try await gateway.scrape()
            let results = Dictionary(
                uniqueKeysWithValues: GatewayMetrics.ConnectionResult.allCases.map {
                    ($0, scraped["audiocache_connections_total", ["result": $0.rawValue]])
                }
            )
            #expect(
                results == [.accepted: 1, .invalid: 1, .unauthorized: 0, .forbidden: 1, .limited: 1]
            )
        }
    }

    @Test("whatever peers ask for and call themselves, there is no series more, and none names them")
    func cardinality() async throws {
        try await TestGateway.run { gateway in
            let before = Set(try await gateway.scrape().values.keys)
            var random = SeededGenerator()
            let peer = try await gateway.peer()
            for number in 0..<200 {
                let id = "secret-\(random.next())"
                switch number % 5 {
                case 0:
                    try await peer.start(id, #","contentType":"audio/x-\#(number)","metadata":{"k\#(number)":"v"}"#)
                    peer.upload(sample(10))
                    try await peer.stop(id)
                case 1:
                    peer.get(id, 0, 1)
                    try await peer.expectError(.streamNotFound)
                case 2:
                    peer.say(#"{"type":"\#(id)"}"#)
                    try await peer.expectError(.unknownType)
                case 3: #expect(try await gateway.http("/\(id)?\(number)").head.status == 404)
                default:
                    let stranger = try await gateway.connect()
                    stranger.send(
                        RawPeer.upgradeRequest([("Sec-WebSocket-Version", "\(number)"), ("X-\(number)", id)])
                    )
                    _ = try await stranger.head()
                    await stranger.drop()
                }
            }
            let (_, body) = try await gateway.http("/metrics")
            #expect(Set(try Scraped(body).values.keys) == before)
            #expect(!body.contains("secret") && !body.contains("127.0.0.1"))
        }
    }

    @Test("a backend's odd names become names, and are not without end")
    func oddFigures() async throws {
        let gauges = Dictionary(uniqueKeysWithValues: (0..<1_000).map { ("odd name-\($0)", Int64($0)) })
        try await TestGateway.run {
            $0.wrap = { OddHealthBackend(base: $0, oddHealth: .init(BackendHealth(gauges: gauges))) }
        } _: { gateway in
            let names = try await gateway.scrape().kinds.keys.filter { $0.hasPrefix(MetricCatalogue.storagePrefix) }
            #expect(names.count == MetricRegistry.maximumSeries)
            #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z0-9_]+/) != nil })
        }
    }

    @Test("who has set up swift-metrics for another system is told too")
    func alsoTelling() throws {
        let other = MetricRegistry()
        let metrics = GatewayMetrics(alsoTelling: other)
        metrics.uploadStarted()
        metrics.failed(.io)
        metrics.failed(ErrorCode(rawValue: "made_up"))
        metrics.connectionRequested(.init(refusal: .unauthorized))
        for registry in [metrics.registry, other] {
            let scraped = try Scraped(Exposition.text(registry.families()))
            #expect(scraped["audiocache_streams_started_total"] == 1)
            #expect(scraped["audiocache_errors_total", ["code": "io"]] == 1)
            #expect(scraped["audiocache_errors_total", ["code": "other"]] == 1)
            #expect(scraped["audiocache_connections_total", ["result": "unauthorized"]] == 1)
        }
    }
}
