import CacheProtocol
import Foundation
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("How many read a stream", .timeLimit(.minutes(5)))
struct ReaderCountTests {
    /// Asks until a stream has so many readers: who has left is let go of in a moment, and not before he is answered.
    private func wait(for count: Int64, _ streamID: String, _ gateway: TestGateway) async throws {
        let peer = try await gateway.peer()
        let end = ContinuousClock.now + .seconds(60)
        var found: Int64?
        while ContinuousClock.now < end {
            found = try await peer.info(streamID).readers
            if found == count { return await peer.drop() }
        }
        throw RawPeer.Surprise("\(found ?? -1) readers instead of \(count)")
    }

    @Test("a subscriber is one, until it unsubscribes, has heard the end, or goes away")
    func subscribers() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            #expect(try await writer.info("live").readers == 0)
            var listeners: [RawPeer] = []
            for count in 1...3 {
                let listener = try await gateway.peer()
                _ = try await listener.ask(#"{"type":"SUBSCRIBE","streamId":"live"}"#, .subscribed)
                #expect(try await writer.info("live").readers == Int64(count))
                listeners.append(listener)
            }
            // The first one, by whose reading all of this event loop are served.
            _ = try await listeners[0].ask(#"{"type":"UNSUBSCRIBE","streamId":"live"}"#, .unsubscribed)
            try await self.wait(for: 2, "live", gateway)
            await listeners[1].drop()
            try await self.wait(for: 1, "live", gateway)
            writer.upload([1, 2, 3])
            try await writer.stop("live")
            #expect(try await listeners[2].bytes().isEqual(to: [1, 2, 3]))
            try await listeners[2].expect(.end)
            try await self.wait(for: 0, "live", gateway)
        }
    }

    @Test("a connection is one for each stream that it GETs, however often it asks, until it goes away")
    func gets() async throws {
        try await TestGateway.run { gateway in
            for name in ["a", "b"] { try await gateway.store(name, sample(1_000)) }
            let readers = [try await gateway.peer(), try await gateway.peer()]
            let end = ContinuousClock.now + .seconds(60)
            var counts: [Int64?] = []
            // A machine that is busy enough lets the two seconds pass in between.
            while counts != [2, 1], ContinuousClock.now < end {
                for reader in readers {
                    for offset in 0..<10 { _ = try await reader.read("a", Int64(offset), 1) }
                }
                _ = try await readers[0].read("b", 0, 1)
                counts = [try await readers[0].info("a").readers, try await readers[0].info("b").readers]
            }
            #expect(counts == [2, 1])
            for reader in readers { await reader.drop() }
            for name in ["a", "b"] { try await self.wait(for: 0, name, gateway) }
        }
    }

    @Test("an answer over HTTP is one while it is under way, and lists of either kind tell it")
    func http() async throws {
        try await TestGateway.run { gateway in
            let writer = try await gateway.peer()
            try await writer.start("live")
            writer.upload([1, 2, 3])
            try await writer.settle()
            let reader = try await gateway.connect()
            reader.request("GET", "/streams/live")
            #expect(try await reader.head().status == 200)
            #expect(try await reader.chunked(3).isEqual(to: [1, 2, 3]))
            let list = try await writer.ask(#"{"type":"LIST"}"#, .list)
            #expect(list.streams?.map(\.readers) == [1])
            let other = try await gateway.connect()
            #expect(try await other.ask("GET", "/streams").text.contains(#""streamId":"live""#))
            for path in ["/streams", "/streams/live/info"] {
                #expect(try await other.ask("GET", path).text.contains(#""readers":1"#), "\(path)")
            }
            try await writer.stop("live")
            #expect(try await reader.chunk() == nil)
            _ = try await reader.trailers()
            try await self.wait(for: 0, "live", gateway)
        }
    }

    @Test("whoever comes and goes at the same time, the count is right")
    func census() async throws {
        let census = ReaderCensus()
        let ids = try (0..<40).map { try StreamID("s-\($0)") }
        let kept = await withTaskGroup(of: [StreamReader].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var kept: [StreamReader] = []
                    for (index, id) in ids.enumerated() {
                        let readers = (0..<20).map { _ in StreamReader(NoSource()).counted(as: id, in: census) }
                        if index % 2 == 0 { kept.append(readers[0]) }
                    }
                    return kept
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let counts = withExtendedLifetime(kept) { ids.map { census.count(of: $0) } }
        #expect(counts == (0..<40).map { $0 % 2 == 0 ? 8 : 0 })
    }

    /// Is never asked.
    private final class NoSource: StreamSource {
        let status = StreamStatus(size: 0, state: .sealed)
        func open() -> Answer<StreamStatus> { .now(self.status) }
        func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> { .now(ByteBuffer()) }
        func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
            self.status
        }
    }
}
