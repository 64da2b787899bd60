import CacheProtocol
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Health", .timeLimit(.minutes(5)))
struct ReadinessTests {
    @Test("the reasons are words and numbers, whatever the sentences name")
    func reasons() {
        var readiness = Readiness()
        #expect(readiness.reasons == ["starting"])
        readiness.isListening = true
        #expect(readiness.isReady && readiness.json == "{\"status\":\"ready\"}\n")
        readiness.recovery = "412/9000"
        readiness.problems = [
            "storage_full: 5 bytes are free in /secret/place.", "storage_full: again", "io: /secret/place",
            "Something else: \"/secret/place\"", "",
        ]
        #expect(readiness.reasons == ["recovering 412/9000", "storage_full", "io", "backend"])
        readiness.isDraining = true
        readiness.isListening = false
        #expect(
            readiness.json
                == #"{"status":"unready","reasons":["draining","recovering 412/9000","storage_full","io","backend"]}"#
                + "\n"
        )
    }

    @Test("a gateway that can work says so, at each of its addresses")
    func ready() async throws {
        try await TestGateway.run { gateway in
            // The files are looked through at the start.
            _ = try await gateway.scraped("ready") { $0["audiocache_ready"] == 1 }
            let live = try await gateway.http("/livez")
            #expect(live.head.status == 200 && live.body == "ok\n")
            let ready = try await gateway.http("/readyz")
            #expect(ready.head.status == 200 && ready.body == "{\"status\":\"ready\"}\n")
            #expect(ready.head["content-type"] == "application/json")
            #expect(ready.head["cache-control"] == "no-store")
            let health = try await gateway.http("/healthz")
            #expect(health.head.status == 200 && health.body == "ok\n")
        }
    }

    @Test("a gateway that recovers, is full or has lost its files is alive and not ready, and says why")
    func notReady() async throws {
        let health = OddHealthBackend.Health(BackendHealth(recovery: .init(done: 412, total: 9_000)))
        try await TestGateway.run {
            $0.wrap = { OddHealthBackend(base: $0, oddHealth: health) }
        } _: { gateway in
            let states: [(BackendHealth, [String])] = [
                (health.current, ["recovering 412/9000"]),
                (BackendHealth(recovery: .init(done: 7, total: 0)), ["recovering 7"]),
                (BackendHealth(recovery: .init(done: 9_005, total: 9_000)), ["recovering 9000/9000"]),
                (BackendHealth(problems: ["storage_full: in /secret"]), ["storage_full"]),
                (BackendHealth(problems: ["io: a", "storage_full: b"]), ["io", "storage_full"]),
            ]
            for (state, reasons) in states {
                health.set(state)
                let ready = try await gateway.http("/readyz")
                #expect(ready.head.status == 503)
                let list = reasons.map { "\"\($0)\"" }.joined(separator: ",")
                #expect(ready.body == "{\"status\":\"unready\",\"reasons\":[\(list)]}\n")
                let old = try await gateway.http("/healthz")
                #expect(old.head.status == 503 && old.body == reasons.map { $0 + "\n" }.joined())
                #expect(try await gateway.http("/livez").head.status == 200)
                #expect(try await gateway.scrape()["audiocache_ready"] == 0)
            }
            health.set(BackendHealth())
            #expect(try await gateway.http("/readyz").head.status == 200)
        }
    }

    @Test("told to stop with a delay, it says that it drains, and goes on serving until the delay is over")
    func draining() async throws {
        let directory = try TemporaryDirectory()
        let (ports, hand) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { hand.finish() }
                try await TestGateway.run(in: directory) {
                    $0.gateway.shutdownDelaySeconds = 3_600
                    $0.gateway.shutdownGraceSeconds = 0
                } _: { gateway in
                    _ = hand.yield(gateway.port)
                }
            }
            for await port in ports {
                // The gateway was told to stop when its time with the test was over.
                var body = ""
                while !body.contains("draining") {
                    let peer = try await RawPeer.connect(port: port)
                    peer.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    body = try await peer.response().body
                    await peer.drop()
                }
                #expect(body.hasPrefix("{\"status\":\"unready\",\"reasons\":[\"draining\""))
                let peer = try await RawPeer.connect(port: port)
                try await peer.upgrade()
                try await peer.start("late")
                try await peer.stop("late")
                await peer.drop()
                group.cancelAll()
            }
            // Cancelled, the delay does not last.
            while let result = await group.nextResult() { _ = result }
        }
    }

    @Test("a loop that has not turned for ten seconds is stuck")
    func stuck() {
        let loop = MultiThreadedEventLoopGroup.singleton
        let monitor = EventLoopMonitor(group: loop, metrics: GatewayMetrics(), outbound: OutboundBudget(limit: 1))
        let start = NIODeadline.now()
        #expect(monitor.isAlive(at: start))
        for eventLoop in loop.makeIterator() {
            monitor.pulse(of: eventLoop)?.lastTurn.store(start.uptimeNanoseconds, ordering: .relaxed)
        }
        #expect(monitor.isAlive(at: start + .seconds(9)))
        #expect(!monitor.isAlive(at: start + .seconds(11)))
    }
}
