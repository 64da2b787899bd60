import CacheProtocol
import NIOCore
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Slow and broken reading over HTTP", .timeLimit(.minutes(5)))
struct HTTPSlowReaderTests {
    @Test("a reader that takes nothing costs a window, and is given up after the write timeout")
    func stalled() async throws {
        let meter = ReadMeter()
        let (releases, released) = AsyncStream<Void>.makeStream()
        try await TestGateway.run {
            $0.gateway.writeTimeoutSeconds = 1
            $0.wrap = { ReaderWrappingBackend.tampered(ReaderWrappingBackend.metered($0, meter), released: released) }
        } _: { gateway in
            try await gateway.store("long", sample(32 << 20))
            let slow = try await gateway.connect(receiveBuffer: 16 << 10)
            slow.request("GET", "/streams/long")
            // Nothing is read. The server lets go of the stream by itself.
            for await _ in releases { break }
            #expect(meter.fetched > 0 && meter.fetched < 16 << 20)
            #expect(try await slow.readToEnd().readableBytes < 16 << 20)
        }
    }

    @Test("what waits for those who read over HTTP counts like what waits for others, and those with most go first")
    func counted() async throws {
        try await TestGateway.run {
            $0.gateway.maximumUnsentBytes = 1 << 20
        } _: { gateway in
            try await gateway.store("long", sample(32 << 20))
            var slow: [RawPeer] = []
            for _ in 0..<24 {
                let peer = try await gateway.connect(receiveBuffer: 16 << 10)
                peer.request("GET", "/streams/long")
                slow.append(peer)
            }
            let other = try await gateway.peer()
            // Nobody reads, and the write timeout is far away.
            while slow.allSatisfy({ $0.channel.isActive }) || gateway.server.unsentBytes > 1 << 20 {
                try await other.settle()
            }
            for peer in slow { await peer.drop() }
            while gateway.server.unsentBytes > 0 { try await other.settle() }
        }
    }

    @Test("a stream whose bytes can't be read any more breaks the connection off, and pads nothing")
    func failing() async throws {
        try await TestGateway.run {
            $0.wrap = { ReaderWrappingBackend.tampered($0, failFrom: 1 << 20) }
        } _: { gateway in
            try await gateway.store("s", sample(2 << 20))
            let peer = try await gateway.connect()
            peer.request("GET", "/streams/s")
            let head = try await peer.head()
            #expect(head.bodyLength == 2 << 20)
            let rest = try await peer.readToEnd()
            #expect(rest.readableBytes <= 1 << 20)
            try await gateway.peer().settle()
        }
    }
}

extension ReaderWrappingBackend {
    /// A backend whose readers fail from an offset on, as a file on a bad sector does, and which tells when one is let go.
    fileprivate static func tampered(
        _ base: any CacheBackend,
        failFrom: Int64 = .max,
        released: AsyncStream<Void>.Continuation? = nil
    ) -> Self {
        Self(base: base) { TamperedSource($0, failFrom: failFrom, released: released) }
    }
}

private final class TamperedSource: StreamSource {
    private let base: StreamReader
    private let failFrom: Int64
    private let released: AsyncStream<Void>.Continuation?

    init(_ base: StreamReader, failFrom: Int64, released: AsyncStream<Void>.Continuation?) {
        self.base = base
        self.failFrom = failFrom
        self.released = released
    }

    deinit { self.released?.yield() }

    func open() -> Answer<StreamStatus> { self.base.opened() }
    var status: StreamStatus { self.base.status }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        guard offset < self.failFrom else { throw CacheError(.io, "The file can't be read.") }
        return try self.base.read(at: offset, count: Int(min(Int64(count), self.failFrom - offset)))
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.base.grown(past: offset, while: state)
    }
}
